locals {
  # Every route that is Eventarc's, by the name of its trigger: eventarc/routes.ts has them all.
  triggers = merge(
    [for name, function in local.functions : merge(
      { for route in function.routes : "${name}-${route.topic}" => {
        function = name
        topic    = module.topic[route.topic].id
        document = null
      } if route.via == "topic" },
      { for route in function.routes : "${name}-${join("-", [for part in split("/", route.document) : part if !startswith(part, "{")])}" => {
        function = name
        topic    = null
        document = { database = module.job_store.name, database_uid = module.job_store.uid, location = module.job_store.location, path = route.document }
      } if route.via == "document" },
      merge([for route in function.routes : { for tenant in keys(var.tenants) : "${name}-${tenant}" => {
        function = name
        topic    = module.requests_topic[tenant].id
        document = null
      } } if route.via == "tenant-topic"]...),
    )]...
  )
}

module "trigger" {
  source   = "./modules/trigger"
  for_each = local.triggers

  project  = module.project.ready
  prefix   = var.prefix
  name     = each.key
  account  = module.events_account.email
  service  = merge(module.function, module.entrance)[each.value.function].service
  topic    = each.value.topic
  document = each.value.document
}
