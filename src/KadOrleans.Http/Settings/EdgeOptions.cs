namespace KadOrleans.Http;

/// <summary>The options of an edge, from the section <c>Kad:Edge</c>. The key is that of the cluster.</summary>
internal sealed class EdgeOptions : KadEdgeOptions
{
    /// <summary>Whether a silo's process runs the edge too. Default: only in Local mode.</summary>
    public bool? Enabled { get; set; }
}
