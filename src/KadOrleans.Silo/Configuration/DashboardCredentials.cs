namespace KadOrleans.Silo.Configuration;

/// <summary>Who may see the dashboard.</summary>
internal sealed record DashboardCredentials(string User, string Password)
{
    public override string ToString() => User;
}
