namespace KadOrleans.Grains.Abstractions.Access;

/// <summary>The secret that silos and edges share, by which silos tell an edge from any other client.</summary>
public static class EdgeKey
{
    /// <summary>The setting that has it, of silos and of edges.</summary>
    public const string Setting = "Kad:Cluster:EdgeKey";

    /// <summary>The fewest characters of a key.</summary>
    public const int MinLength = 16;

    /// <summary>The most characters of a key: it is sent with each call.</summary>
    public const int MaxLength = 256;

    /// <summary>The entry of the request context that carries it.</summary>
    public const string ContextKey = "kad.edge";
}
