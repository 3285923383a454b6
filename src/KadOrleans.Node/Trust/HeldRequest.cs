using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Node.Handlers;
using KadOrleans.Node.Ports;
using KadOrleans.Wire;

namespace KadOrleans.Node.Trust;

/// <summary>A request that waits until its sender has proved its address.</summary>
internal sealed class HeldRequest
{
    /// <summary>What a held request takes beside its datagram's bytes: itself and its places in the order, its network and its endpoint.</summary>
    private const int Overhead = 640;

    /// <param name="kind">The call.</param>
    /// <param name="target">The id or key that it names.</param>
    /// <param name="context">Where it came from.</param>
    public HeldRequest(RequestKind kind, NodeId target, in RequestContext context)
    {
        (Kind, Target) = (kind, target);
        (Id, Source, Route, Length) = (context.Id, context.Source, context.Route, context.Length);
        Subnet = SourceNetwork.SubnetOf(Source);
        InOrder = new LinkedListNode<HeldRequest>(this);
        InSubnet = new LinkedListNode<HeldRequest>(this);
    }

    public MessageId Id { get; }

    public RequestKind Kind { get; }

    public NodeId Target { get; }

    /// <summary>What a STORE brings.</summary>
    public StoreRequest Store { get; init; }

    public UdpEndpoint Source { get; }

    public IResponseRoute Route { get; }

    /// <summary>Bytes of the datagram.</summary>
    public int Length { get; }

    /// <summary>Bytes of memory, about.</summary>
    public int Footprint => Length + Overhead;

    /// <summary>The network that its memory is counted against.</summary>
    public SourceNetwork Subnet { get; }

    /// <summary>Whether a ping went out for it.</summary>
    public bool IsPinged { get; set; }

    /// <summary>Timestamp of its arrival.</summary>
    public long HeldAt { get; set; }

    /// <summary>Its place among all; the <see cref="HeldRequests"/>' alone.</summary>
    public LinkedListNode<HeldRequest> InOrder { get; }

    /// <summary>Its place among those of its network; the <see cref="HeldRequests"/>' alone.</summary>
    public LinkedListNode<HeldRequest> InSubnet { get; }
}
