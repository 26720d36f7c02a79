import {
  type DocumentNode,
  type FieldNode,
  type GraphQLObjectType,
  getNamedType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type SelectionSetNode,
} from "graphql"
import { linearSchema } from "./linear-schema.ts"

/** What a list is taken to hold where a query does not say (linear.app/developers/rate-limiting). */
const lengthUnsaid = 50

/** What a query costs: 0.1 for each value, 1 for each object, and what is in a list as often as the list is long. */
export function complexityOf(document: DocumentNode, variables: Variables): number {
  const [operation] = document.definitions
  if (operation?.kind !== "OperationDefinition") throw new Error("not a query")
  return Math.ceil(costOf(operation.selectionSet, linearSchema.getQueryType()!, variables))
}

type Variables = { readonly [name: string]: unknown }

function costOf({ selections }: SelectionSetNode, type: GraphQLObjectType, variables: Variables): number {
  return selections.reduce((cost, field) => {
    if (field.kind !== "Field") throw new Error("fragments are not counted here")
    return cost + costOfField(field, type, variables)
  }, 0)
}

function costOfField(field: FieldNode, type: GraphQLObjectType, variables: Variables): number {
  const given = type.getFields()[field.name.value]
  const inner = given && getNamedType(given.type)
  if (!inner || isLeafType(inner)) return 0.1
  if (!isObjectType(inner) || !field.selectionSet) return 0
  const within = costOf(field.selectionSet, inner, variables)
  if (inner.name.endsWith("Connection")) return firstOf(field, variables) * within
  return (1 + within) * (isList(given.type) && field.name.value !== "nodes" ? lengthUnsaid : 1)
}

const isList = (type: unknown): boolean => {
  const nullable = isNonNullType(type as never) ? (type as { ofType: unknown }).ofType : type
  return isListType(nullable as never)
}

function firstOf(field: FieldNode, variables: Variables): number {
  const first = field.arguments?.find(({ name }) => name.value === "first")?.value
  if (first?.kind === "IntValue") return Number(first.value)
  if (first?.kind === "Variable") return Number(variables[first.name.value] ?? lengthUnsaid)
  return lengthUnsaid
}
