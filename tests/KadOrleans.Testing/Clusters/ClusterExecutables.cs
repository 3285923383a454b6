namespace KadOrleans.Testing.Clusters;

/// <summary>The executables beside the suite that runs: those with every provider where the suite references them.</summary>
public static class ClusterExecutables
{
    /// <summary>The silo's assembly, without the extension.</summary>
    public static string Silo { get; } = Find("KadOrleans.Silo");

    /// <summary>The edge's assembly, without the extension.</summary>
    public static string Edge { get; } = Find("KadOrleans.Edge");

    private static string Find(string name) =>
        File.Exists(Path.Combine(AppContext.BaseDirectory, $"{name}.Full.dll")) ? $"{name}.Full" : name;
}
