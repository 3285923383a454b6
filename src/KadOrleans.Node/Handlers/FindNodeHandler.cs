using KadOrleans.Core;
using KadOrleans.Node.Ports;
using KadOrleans.Wire;

namespace KadOrleans.Node.Handlers;

/// <summary>
/// Answers FIND_NODE with the k nearest contacts, nearest first, without the one that asks (by its endpoint) and
/// without the one that is asked for, as the network's nodes do.
/// </summary>
internal sealed class FindNodeHandler(IRoutingTable table, KademliaOptions options)
{
    public int Answer(Span<byte> answer, NodeId target, RequestContext context)
    {
        Span<Contact> nearest = stackalloc Contact[options.BucketSize];
        var count = table.Snapshot.FindClosest(target, nearest, context.Source);
        return ResponseWriter.WriteNodes(answer, context.Id, nearest[..count]);
    }

    /// <summary>The same with as many of the nearest as fit into so many bytes; 0 if not even an empty list does.</summary>
    public int AnswerWithin(int maxLength, Span<byte> answer, NodeId target, RequestContext context)
    {
        Span<Contact> nearest = stackalloc Contact[options.BucketSize];
        var count = table.Snapshot.FindClosest(target, nearest, context.Source);
        var fitting = -1;

        // Two or three fit into twice a request, of twenty: so counting up is the shorter way.
        while (fitting < count && ResponseWriter.WriteNodes(answer, context.Id, nearest[..(fitting + 1)]) <= maxLength)
        {
            fitting++;
        }

        return fitting < 0 ? 0 : ResponseWriter.WriteNodes(answer, context.Id, nearest[..fitting]);
    }
}
