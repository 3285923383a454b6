using KadOrleans.Core;
using KadOrleans.Grains.Abstractions.Edges;

namespace KadOrleans.Grains.Edges;

/// <summary>Decides what becomes of an edge's name that an operator changes.</summary>
internal static class NameChanges
{
    /// <summary>The entry after a change; null if it stays as it is.</summary>
    /// <exception cref="ArgumentException">The name is unknown, or the change is not allowed of a live edge.</exception>
    public static ChangedName? Apply(IReadOnlyDictionary<string, EdgeState> edges, string name, NameChange change, bool isLive)
    {
        ArgumentNullException.ThrowIfNull(edges);
        if (!edges.TryGetValue(name, out var known))
        {
            throw new ArgumentException($"The edge name is '{VisibleText.Excerpt(name)}', which the cluster does not know; the list of edges has all names.");
        }

        return change switch
        {
            NameChange.Drain => known.IsDrained ? null : new ChangedName(known.Ended(isDrained: true, known.NodeIds)),
            NameChange.Resume => known.IsDrained ? new ChangedName(known.Ended(isDrained: false, known.NodeIds)) : null,
            NameChange.RotateIds => new ChangedName(known.Ended(known.IsDrained, [])),
            _ => !isLive
                ? new ChangedName(null)
                : throw new ArgumentException($"The edge '{VisibleText.Excerpt(name)}' is live; only a name without a live edge can be forgotten: stop it first."),
        };
    }
}

/// <summary>A changed entry.</summary>
/// <param name="State">The entry; null if it is removed.</param>
internal sealed record ChangedName(EdgeState? State);
