using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Simulation.Experiments;

/// <summary>One value of a <see cref="ValueTrial"/>.</summary>
internal sealed class TrialValue(NodeId key, DhtValue value, DateTimeOffset publishedAt)
{
    public NodeId Key { get; } = key;

    public DhtValue Value { get; } = value;

    /// <summary>When its publisher last sent it out.</summary>
    public DateTimeOffset PublishedAt { get; set; } = publishedAt;

    public bool WasLost { get; set; }

    public bool HasEnded { get; set; }

    public bool HasOutlived { get; set; }

    /// <summary>Whether its life is over and no node holds it: it is not looked at again.</summary>
    public bool IsGone { get; set; }
}
