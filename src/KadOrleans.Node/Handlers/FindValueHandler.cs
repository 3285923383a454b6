using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;
using KadOrleans.Node.Values;
using KadOrleans.Wire;

namespace KadOrleans.Node.Handlers;

/// <summary>Answers FIND_VALUE with the value if it is held here, else as FIND_NODE.</summary>
internal sealed class FindValueHandler(IKeyStore store, FindNodeHandler findNode, TimeProvider time)
{
    public ValueTask<StoredValue?> FindAsync(NodeId key) => store.GetAsync(key, time.GetUtcNow());

    public int Answer(Span<byte> answer, NodeId key, StoredValue? stored, RequestContext context) => stored is null
        ? findNode.Answer(answer, key, context)
        : ResponseWriter.WriteValue(answer, context.Id, stored.Value, RemainingLife.InSeconds(stored.LifeLeft(time.GetUtcNow())));
}
