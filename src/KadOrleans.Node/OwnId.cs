using KadOrleans.Core;
using KadOrleans.Node.Ports;

namespace KadOrleans.Node;

/// <summary>Decides which id a node has.</summary>
internal static class OwnId
{
    /// <summary>The id that is asked for, else the saved one, else a random one. Clients have one together.</summary>
    /// <param name="options">May ask for an id.</param>
    /// <param name="saved">The state of the runs before; null at the first.</param>
    /// <param name="random">Draws an id.</param>
    /// <exception cref="KeyStoreException">The saved state is of another id than the one that is asked for.</exception>
    public static NodeId Choose(KadNodeOptions options, NodeState? saved, IRandomSource random)
    {
        if (options.ClientOnly)
        {
            return DhtNode.ClientId;
        }

        if (options.Id is null)
        {
            return saved?.Id ?? NodeId.Random(random);
        }

        var id = NodeId.Parse(options.Id);
        return saved is null || saved.Id == id
            ? id
            : throw new KeyStoreException(
                $"The id {id} was asked for, but the stored state belongs to {saved.Id}: leave the id out, or use other storage.");
    }
}
