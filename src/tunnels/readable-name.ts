const ADJECTIVES =
  'amber bold brave brisk bright calm clear clever cosy crisp daring deep eager early fair fast fine fresh gentle glad golden grand happy humble keen kind lively lucky mellow merry mild neat nimble noble plain proud quick quiet rapid ready sharp silent silver smart smooth snowy solid spry steady still stout sunny swift tidy vivid warm wise witty young'.split(
    ' ',
  )
const ANIMALS =
  'badger beaver bison crane deer dolphin eagle egret falcon ferret finch fox gecko goose hare heron ibex jackal jay koala lark lemur lion lizard llama lynx magpie marten mole moose newt ocelot orca osprey otter owl panda pelican pigeon pony puffin quail rabbit raven robin salmon seal shrew sparrow stork swan tapir tern tiger toad trout turtle viper walrus weasel whale wolf wren yak zebra'.split(
    ' ',
  )

/** A label that people can say and remember, such as `brisk-otter-4f2a`, from the first 6 bytes of `bytes`. */
export function readableName(bytes: Buffer): string {
  const adjective = ADJECTIVES[bytes.readUInt16BE(0) % ADJECTIVES.length]
  const animal = ANIMALS[bytes.readUInt16BE(2) % ANIMALS.length]
  return `${adjective}-${animal}-${bytes.toString('hex', 4, 6)}`
}
