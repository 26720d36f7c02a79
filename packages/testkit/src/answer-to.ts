import { connect } from "node:net"

/** All that comes back for `text`, sent as it stands on a connection of its own, until the server closes that. */
export async function answerTo(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.write(text)
  let answer = ""
  for await (const data of socket) answer += data
  return answer
}

/** The JSON body of such an answer. */
export const bodyOf = (answer: string) => JSON.parse(answer.split("\r\n\r\n")[1] ?? "")
