"""The 86 requirements of the five plans, and what carries each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from bot.localities.programme import Programme

LOCALITIES = {
    "ST": "son-tay-ha",
    "DT": "dong-tan",
    "HN": "huyen-2022",
    "TY": "tan-yen",
    "HV": "hoang-van-thu",
}
HOW_MANY = {"ST": 32, "DT": 11, "HN": 14, "TY": 15, "HV": 14}


@dataclass(frozen=True)
class Owed:
    """A duty: whose, and by when ("" where the plan gives no date)."""

    duty: str
    actor: str
    due: str = ""

    @property
    def on(self) -> date | None:
        return date.fromisoformat(self.due) if self.due else None


@dataclass(frozen=True)
class Term:
    """A rule: from the date of its event to the date it gives."""

    rule: str
    start: str
    due: str


@dataclass(frozen=True)
class Told:
    """Something of the plan that is read back, from the profile and from the page."""

    value: Callable[[Programme], object]
    equals: object
    on_page: str


@dataclass(frozen=True)
class Talked:
    """Something residents do in a conversation; the name of its test."""

    test: str


Carrier = Owed | Term | Told | Talked


def conference(name: str) -> Callable[[Programme], object]:
    """A value of the programme's first conference."""
    return lambda programme: getattr(programme.conference, name)


DAY_ST, DAY_DT, DAY_HN = "2025-12-12", "2024-05-16", "2022-06-14"
DAY_TY, DAY_HV = "2026-06-18", "2022-07-07"

REQUIREMENTS: dict[str, tuple[Carrier, ...]] = {
    "ST-01": (
        Told(lambda p: p.chairs, ("Chủ tịch UBND xã",), "Chủ tịch UBND xã"),
        Told(conference("planned"), "6 tháng cuối năm 2025", "6 tháng cuối năm 2025"),
        Told(conference("place"), None, "thông báo sau"),
    ),
    "ST-02": (Owed("tham_du", "phong_kinh_te", DAY_ST),),
    "ST-03": (Owed("moi_tham_gia_giam_sat", "van_phong", DAY_ST),),
    "ST-04": (Owed("chuong_trinh", "van_phong", DAY_ST),),
    "ST-05": (
        Owed("thong_bao", "van_phong", "2025-12-03"),
        Term("public_notice", DAY_ST, "2025-12-03"),
        Term("public_notice_law", DAY_ST, "2025-12-05"),
    ),
    "ST-06": (Owed("thong_bao_rong_rai", "dich_vu_cong", "2025-12-03"),),
    "ST-07": (Owed("bao_cao_tom_tat", "phong_kinh_te", DAY_ST),),
    "ST-08": (Owed("tam_tu_nguyen_vong_thon", "truong_thon", DAY_ST),),
    "ST-09": (Owed("de_xuat_noi_dung", "mat_tran", DAY_ST),),
    "ST-10": (Talked("registration"),),
    "ST-11": (
        Told(
            conference("opinions_by"),
            ("slip", "speech", "media"),
            "phiếu, phát biểu trực tiếp, phương tiện thông tin đại chúng",
        ),
    ),
    "ST-12": (Owed("tra_loi_tai_hoi_nghi", "chu_tich", DAY_ST),),
    "ST-13": (Owed("ghi_nhan_tra_loi_sau", "chu_tich", DAY_ST),),
    "ST-14": (Owed("bao_cao_vuot_tham_quyen", "chu_tich"),),
    "ST-15": (Talked("guidance"),),
    "ST-16": (Owed("ket_luan_tai_hoi_nghi", "chu_tich", DAY_ST),),
    "ST-17": (Owed("du_thao_ket_luan", "van_phong", "2025-12-23"),),
    "ST-18": (
        Owed("ban_hanh_ket_luan", "chu_tich", "2025-12-23"),
        Term("conclusion_issued", DAY_ST, "2025-12-23"),
    ),
    "ST-19": (
        Owed("dang_trang_thong_tin", "van_phong", "2025-12-22"),
        Owed("niem_yet", "van_phong", "2025-12-22"),
        Owed("gui_truong_thon", "van_phong", "2025-12-22"),
        Told(lambda p: p.publication, "full", "công khai thông báo và kết luận"),
    ),
    "ST-20": (
        Owed("bao_cao_ket_qua", "phong_kinh_te", "2026-01-12"),
        Term("written_reply", DAY_ST, "2026-01-12"),
    ),
    "ST-21": (
        Told(
            lambda p: p.rule("written_reply", date(2025, 12, 12)).pausable,
            False,
            "30 ngày sau ngày kết thúc hội nghị",
        ),
    ),
    "ST-22": (Owed("kien_nghi_co_che", "phong_kinh_te"),),
    "ST-23": (Owed("sua_van_ban", "phong_vhxh"),),
    "ST-24": (
        Owed("danh_muc_kien_nghi", "van_phong", "2025-12-31"),
        Term("monthly_list", "2025-11-15", "2025-11-28"),
    ),
    "ST-25": (Owed("bao_cao_cap_tren", "van_phong"),),
    "ST-26": (
        Owed("tham_du", "hcc", DAY_ST),
        Owed("chuan_bi_tai_lieu", "tram_y_te", DAY_ST),
    ),
    "ST-27": (Owed("giam_sat_phan_bien", "mat_tran"),),
    "ST-28": (
        Owed("thong_tin_ket_qua", "truong_thon"),
        Owed("chuan_bi_dieu_kien", "truong_thon", DAY_ST),
    ),
    "ST-29": (Owed("an_ninh", "cong_an", DAY_ST),),
    "ST-30": (
        Told(lambda p: len(p.prohibited), 2, "Lợi dụng đối thoại để kích động"),
        Told(lambda p: len(p.prohibited), 2, "danh dự, uy tín của tổ chức, cá nhân"),
    ),
    "ST-31": (
        Talked("petition"),
        Told(lambda p: len(p.principles), 3, "phải được tiếp nhận đầy đủ, xử lý kịp"),
    ),
    "ST-32": (
        Told(lambda p: len(p.principles), 3, "Dân chủ, công khai, minh bạch"),
        Told(lambda p: len(p.principles), 3, "sự tham gia của cấp ủy Đảng"),
    ),
    "DT-01": (
        Told(conference("planned"), "quý II năm 2024", "quý II năm 2024"),
        Told(
            conference("title"),
            "Hội nghị tiếp xúc, đối thoại với Nhân dân thôn Quyết Thắng",
            "thôn Quyết Thắng",
        ),
    ),
    "DT-02": (
        Told(lambda p: len(p.conferences), 1, "Ban chi ủy, Ban quản lý thôn"),
        Told(lambda p: len(p.conferences), 1, "đại biểu HĐND xã bầu cử ở thôn"),
    ),
    "DT-03": (
        Told(lambda p: len(p.steps), 4, "Thông báo những vấn đề liên quan"),
        Owed("tra_loi_bang_van_ban", "dia_chinh"),
    ),
    "DT-04": (
        Told(lambda p: len(p.principles), 3, "giải đáp trả lời tại hội nghị hoặc chỉ"),
        Owed("tra_loi_tai_hoi_nghi", "chu_tich", DAY_DT),
    ),
    "DT-05": (Owed("chuan_bi_noi_dung", "van_phong", DAY_DT),),
    "DT-06": (Owed("thong_bao_ket_luan", "van_phong"),),
    "DT-07": (Owed("giao_nhiem_vu", "van_phong"),),
    "DT-08": (Owed("don_doc_ket_luan", "van_phong"),),
    "DT-09": (
        Owed("tuyen_truyen", "vhxh"),
        Owed("tuyen_truyen", "dai_truyen_thanh"),
    ),
    "DT-10": (
        Owed("ke_hoach_don_vi", "tai_chinh"),
        Owed("ke_hoach_don_vi", "cac_thon"),
    ),
    "DT-11": (
        Told(lambda p: len(p.principles), 3, "đúng trọng tâm, trọng điểm"),
        Told(lambda p: len(p.principles), 3, "phát hiện những hạn chế, thiếu sót"),
    ),
    "HN-01": (
        Told(
            lambda p: [c.place for c in p.conferences][:2],
            ["xã Long Khánh B", "xã Thường Lạc"],
            "xã Thường Lạc",
        ),
        Owed("an_dinh_thoi_gian", "van_phong", "2022-06-30"),
    ),
    "HN-02": (
        Told(
            conference("forms"),
            ("in_person", "hybrid"),
            "trực tiếp, trực tiếp kết hợp trực tuyến",
        ),
    ),
    "HN-03": (
        Told(
            lambda p: [(q.count, q.scope) for q in p.conference.quotas],
            [(1, "per_unit"), (1, "per_unit")],
            "01 công chức mỗi lĩnh vực chuyên môn",
        ),
        Told(
            lambda p: p.conference.quotas[1].who,
            "Trưởng ấp hoặc Phó Trưởng ấp",
            "01 Trưởng ấp hoặc Phó Trưởng ấp mỗi ấp",
        ),
    ),
    "HN-04": (
        Told(
            lambda p: p.chair,
            "Đại diện lãnh đạo UBND cấp xã",
            "Đại diện lãnh đạo UBND cấp xã",
        ),
        Owed("chu_toa", "chu_toa", DAY_HN),
    ),
    "HN-05": (
        Told(lambda p: len(p.conferences), 3, "thực hiện bồi thường, quản lý đất đai"),
    ),
    "HN-06": (Owed("nam_bat_tam_tu", "mat_tran", DAY_HN),),
    "HN-07": (
        Owed("lay_y_kien", "ubnd_xa", DAY_HN),
        Told(
            lambda p: p.conference_plan("lay_y_kien").kind,
            "lay_y_kien",
            "Hội nghị lấy ý kiến",
        ),
    ),
    "HN-08": (Owed("thong_bao_dia_ban", "ubnd_xa", DAY_HN),),
    "HN-09": (
        Owed("to_chuc", "van_phong", DAY_HN),
        Owed("thong_bao_ket_luan", "van_phong"),
    ),
    "HN-10": (Owed("chuan_bi_cu_lanh_dao", "tnmt", DAY_HN),),
    "HN-11": (
        Owed("thong_tin_tuyen_truyen", "vhtt", DAY_HN),
        Owed("ghi_hinh_dua_tin", "truyen_thanh"),
    ),
    "HN-12": (
        Owed("kiem_tra_giam_sat", "noi_vu"),
        Owed("bao_cao_tong_ket", "noi_vu", "2022-12-30"),
        Term("yearly_report", "2022-05-16", "2022-12-30"),
    ),
    "HN-13": (Owed("phan_anh_vuong_mac", "ubnd_xa"),),
    "HN-14": (
        Told(lambda p: len(p.principles), 2, "đảm bảo tiết kiệm, hiệu quả"),
        Told(lambda p: len(p.principles), 2, "phong cách ứng xử"),
    ),
    "TY-01": (
        Told(
            lambda p: p.chairs,
            ("Bí thư Đảng ủy, Chủ tịch HĐND xã",),
            "Bí thư Đảng ủy, Chủ tịch HĐND xã",
        ),
        Owed("tra_loi_ket_luan", "bi_thu", DAY_TY),
    ),
    "TY-02": (
        Owed("doi_thoai_thuong_xuyen", "bi_thu", "2026-06-30"),
        Term("quarterly_dialogue", "2026-04-20", "2026-06-30"),
        Told(
            lambda p: p.conference_plan("giao_ban").every,
            "quarter",
            "Hội nghị giao ban: Tiếp xúc, đối thoại thường xuyên",
        ),
    ),
    "TY-03": (
        Told(conference("planned"), "dự kiến trong tháng 6/2026", "tháng 6/2026"),
        Told(
            conference("place"),
            "Phòng họp tầng 3, Nhà Hội thảo xã",
            "Phòng họp tầng 3, Nhà Hội thảo xã",
        ),
    ),
    "TY-04": (
        Told(
            lambda p: p.conference_plan("doanh_nghiep").planned,
            "dự kiến trong tháng 10 năm 2026",
            "đại diện các công ty, doanh nghiệp trên địa bàn xã",
        ),
    ),
    "TY-05": (
        Owed("thong_bao_rong_rai", "dich_vu_cong", "2026-06-11"),
        Term("public_notice", "2026-10-15", "2026-10-08"),
    ),
    "TY-06": (
        Owed("khai_mac", "vp_dang_uy", DAY_TY),
        Told(lambda p: len(p.steps), 5, "giới thiệu chủ tọa, thư ký"),
    ),
    "TY-07": (
        Owed("tra_loi_ket_luan", "bi_thu", DAY_TY),
        Told(lambda p: p.steps[-1], "Chủ trì kết luận.", "Chủ trì kết luận."),
    ),
    "TY-08": (
        Owed("giao_co_quan_chuyen_mon", "thuong_truc"),
        Owed("gui_cap_co_tham_quyen", "thuong_truc"),
    ),
    "TY-09": (
        Owed("cu_lanh_dao_tra_loi", "mat_tran", DAY_TY),
        Owed("cu_lanh_dao_tra_loi", "to_chuc_ctxh", DAY_TY),
    ),
    "TY-10": (
        Owed("nam_bat_tam_tu", "mat_tran", DAY_TY),
        Owed("nam_bat_tam_tu", "to_chuc_ctxh", DAY_TY),
    ),
    "TY-11": (
        Owed("phan_loai_giao_viec", "vp_dang_uy", DAY_TY),
        Owed("bao_cao_ket_qua", "vp_dang_uy"),
    ),
    "TY-12": (Owed("tuyen_truyen", "chi_dang_bo"),),
    "TY-13": (
        Told(
            lambda p: p.supersedes,
            "Kế hoạch số 66-KH/ĐU ngày 31/01/2026 của Ban Thường vụ Đảng ủy",
            "66-KH/ĐU ngày 31/01/2026",
        ),
    ),
    "TY-14": (
        Told(lambda p: len(p.principles), 2, "Trọng dân, gần dân, hiểu dân, học dân"),
    ),
    "TY-15": (
        Told(conference("guests"), ("person", "organisation"), "cá nhân, tổ chức"),
        Told(
            lambda p: p.conference_plan("doanh_nghiep").guests,
            ("enterprise",),
            "doanh nghiệp",
        ),
    ),
    "HV-01": (
        Told(lambda p: len(p.chairs), 4, "Chủ tịch UBND; Chủ tịch Ủy ban MTTQ phường"),
        Told(conference("planned"), "dự kiến ngày 07/7/2022", "dự kiến ngày 07/7/2022"),
        Told(
            conference("combined_with"),
            "hội nghị tiếp xúc cử tri",
            "hội nghị tiếp xúc cử tri",
        ),
    ),
    "HV-02": (Owed("tuyen_truyen", "co_so", DAY_HV),),
    "HV-03": (
        Owed("tong_hop_y_kien", "co_so", "2022-06-30"),
        Term("opinions_due", DAY_HV, "2022-06-30"),
    ),
    "HV-04": (
        Owed("ho_so_tong_hop", "mat_tran", "2022-07-04"),
        Term("synthesis_due", DAY_HV, "2022-07-04"),
    ),
    "HV-05": (Owed("du_luan_xa_hoi", "ban_tuyen_giao", DAY_HV),),
    "HV-06": (Owed("thanh_phan_chuong_trinh", "khoi_dan_van", DAY_HV),),
    "HV-07": (
        Owed("y_kien_truoc", "khoi_dan_van", DAY_HV),
        Owed("y_kien_trong", "mat_tran", DAY_HV),
        Owed("y_kien_sau", "doan_the"),
    ),
    "HV-08": (
        Owed("bao_cao_6_thang", "van_phong", DAY_HV),
        Owed("chuan_bi_tra_loi", "dia_chinh", DAY_HV),
    ),
    "HV-09": (Owed("tham_muu_tiep_thu", "uy_ban_kiem_tra", DAY_HV),),
    "HV-10": (Owed("giam_sat_don_doc", "khoi_dan_van"),),
    "HV-11": (
        Owed("cong_van_moi", "vp_dang_uy", DAY_HV),
        Owed("bien_ban", "vp_dang_uy", DAY_HV),
    ),
    "HV-12": (
        Told(
            lambda p: (p.conference.quotas[0].count, p.conference.quotas[0].scope),
            (7, "per_unit"),
            "07 cử tri đại diện mỗi tổ dân phố (18 tổ dân phố, cộng 126)",
        ),
        Told(
            conference("expected_people"), 200, "có thể là 07 người cho cả phường hoặc"
        ),
    ),
    "HV-13": (Owed("an_ninh_trat_tu", "cong_an", DAY_HV),),
    "HV-14": (
        Told(lambda p: len(p.conferences), 1, "trật tự mỹ quan đô thị, vệ sinh"),
        Told(lambda p: len(p.conferences), 1, "lãnh đạo, chỉ đạo của Đảng ủy"),
    ),
}
