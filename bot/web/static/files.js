/** Files on their way: pictures are made small here, everything is uploaded first. */

const MAX_SIDE = 2048;
const SMALL_ENOUGH = 400_000;
const BUSY = 429;

/** A refusal of the server, or of this page before it asks. */
export class Refused extends Error {}

/** What a file seems to be, until the server has looked into it. */
export function kindOf(file) {
  const [group] = file.type.split("/");
  return { image: "photo", audio: "voice", video: "video" }[group] ?? "document";
}

/** A picture as a JPEG that costs little to send; any other file as it is. */
export async function shrink(file) {
  const isFine = file.type === "image/jpeg" && file.size < SMALL_ENOUGH;
  if (!file.type.startsWith("image/") || isFine) return file;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, MAX_SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    const paper = canvas.getContext("2d");
    paper.fillStyle = "#fff";
    paper.fillRect(0, 0, canvas.width, canvas.height);
    paper.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const smaller = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
    return smaller && smaller.size < file.size ? smaller : file;
  } catch {
    return file; // a kind that this browser cannot read; the server says what it thinks
  }
}

/** Upload one file; its pass. Rejects with `Refused(code)`, or when the network fails. */
export async function upload(file, maxBytes, onProgress) {
  if (file.size > maxBytes) throw new Refused("file_too_large");
  for (;;) {
    const { status, body } = await post(file, onProgress);
    if (status === 201) return body.files[0].id;
    if (status >= 500) throw new Error("failed");
    if (status !== BUSY) throw new Refused(body?.error);
    await new Promise((done) => setTimeout(done, 5_000));
  }
}

function post(file, onProgress) {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("file", file, "file");
    request.open("POST", "/chat/files");
    request.responseType = "json";
    request.timeout = 120_000;
    request.upload.onprogress = ({ loaded, total }) => onProgress(loaded / total);
    request.onload = () => done({ status: request.status, body: request.response });
    request.onerror = request.ontimeout = () => fail(new Error("network"));
    request.send(form);
  });
}
