output "address" {
  description = "Where it is: `npm run smoke -- --receiver` takes this."
  value       = "https://${var.prefix}-receiver-${var.project_number}.${var.region}.run.app"

  depends_on = [google_cloud_run_v2_service.receiver]
}
