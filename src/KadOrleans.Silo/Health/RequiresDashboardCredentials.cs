namespace KadOrleans.Silo.Health;

/// <summary>Marks an endpoint that is for those who may see the dashboard.</summary>
internal sealed class RequiresDashboardCredentials;
