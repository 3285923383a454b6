namespace KadOrleans.Hosting;

public sealed class KadSiloOptions
{
    /// <summary>The address that the silo listens on and that others use. Null: Orleans chooses one of this machine's.</summary>
    public string? Address { get; set; }

    /// <summary>The port for other silos, by default Orleans' usual one; 0 is any free one.</summary>
    public int Port { get; set; } = 11111;

    /// <summary>The port for Orleans clients, by default Orleans' usual one; 0 is any free one.</summary>
    public int GatewayPort { get; set; } = 30000;
}

/// <summary>Who may see the dashboard.</summary>
public sealed class DashboardCredentials
{
    public string User { get; set; } = string.Empty;

    public string Password { get; set; } = string.Empty;
}
