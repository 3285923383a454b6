using System.Runtime.InteropServices;

namespace KadOrleans.Node;

/// <summary>Requests of unproven endpoints, bounded. A new one pushes out the oldest: its network's, if that has many.</summary>
internal sealed class PendingRequests(TimeProvider time, int maxBytes, int maxPerEndpoint)
{
    /// <summary>A network's share of the memory is one part of this. It is enforced only when there is no room.</summary>
    private const int NetworkShares = 16;

    // Guards all below.
    private readonly Lock _gate = new();
    private readonly LinkedList<PendingRequest> _order = new();
    private readonly Dictionary<UdpEndpoint, List<PendingRequest>> _byEndpoint = [];
    private readonly Dictionary<SourceNetwork, SubnetShare> _bySubnet = [];
    private int _bytes;

    public bool IsEmpty => Volatile.Read(ref _bytes) == 0;

    public int Bytes => Volatile.Read(ref _bytes);

    /// <summary>Returns false if the endpoint has too many pending.</summary>
    public bool TryHold(PendingRequest request, out List<PendingRequest>? pushedOut)
    {
        pushedOut = null;
        lock (_gate)
        {
            if (_byEndpoint.TryGetValue(request.Source, out var ofEndpoint) && ofEndpoint.Count >= maxPerEndpoint)
            {
                return false;
            }

            while (_bytes + request.Footprint > maxBytes)
            {
                (pushedOut ??= []).Add(PushOut(request.Subnet));
            }

            Add(request);
            return true;
        }
    }

    public PendingRequest[] Take(UdpEndpoint source)
    {
        if (IsEmpty)
        {
            return [];
        }

        lock (_gate)
        {
            if (!_byEndpoint.TryGetValue(source, out var requests))
            {
                return [];
            }

            // A copy, as each leaves the list.
            PendingRequest[] taken = [.. requests];
            Array.ForEach(taken, Remove);
            return taken;
        }
    }

    public IReadOnlyList<PendingRequest> TakeOlderThan(TimeSpan age)
    {
        List<PendingRequest>? old = null;
        lock (_gate)
        {
            while (_order.First?.Value is { } first && time.GetElapsedTime(first.PendingSince) >= age)
            {
                Remove(first);
                (old ??= []).Add(first);
            }
        }

        return old ?? [];
    }

    private PendingRequest PushOut(SourceNetwork newcomer)
    {
        var oldest = _bySubnet.TryGetValue(newcomer, out var share) && share.Bytes > maxBytes / NetworkShares
            ? share.Order.First!.Value
            : _order.First!.Value;
        Remove(oldest);
        return oldest;
    }

    private void Add(PendingRequest request)
    {
        request.PendingSince = time.GetTimestamp();
        _order.AddLast(request.InOrder);
        (CollectionsMarshal.GetValueRefOrAddDefault(_byEndpoint, request.Source, out _) ??= new List<PendingRequest>(1)).Add(request);
        var share = CollectionsMarshal.GetValueRefOrAddDefault(_bySubnet, request.Subnet, out _) ??= new SubnetShare();
        share.Order.AddLast(request.InSubnet);
        share.Bytes += request.Footprint;
        _bytes += request.Footprint;
    }

    private void Remove(PendingRequest request)
    {
        _order.Remove(request.InOrder);
        var ofEndpoint = _byEndpoint[request.Source];
        ofEndpoint.Remove(request);
        if (ofEndpoint.Count == 0)
        {
            _byEndpoint.Remove(request.Source);
        }

        var share = _bySubnet[request.Subnet];
        share.Order.Remove(request.InSubnet);
        share.Bytes -= request.Footprint;
        if (share.Bytes == 0)
        {
            _bySubnet.Remove(request.Subnet);
        }

        _bytes -= request.Footprint;
    }

    private sealed class SubnetShare
    {
        public LinkedList<PendingRequest> Order { get; } = new();

        public int Bytes { get; set; }
    }
}

internal sealed class PendingRequest
{
    /// <summary>Bytes besides the datagram: the object, and its places in the lists.</summary>
    private const int Overhead = 640;

    public PendingRequest(RequestKind kind, NodeId target, in RequestSource context)
    {
        (Kind, Target) = (kind, target);
        (Id, Source, Route, Length) = (context.Id, context.Source, context.Route, context.Length);
        Subnet = SourceNetwork.SubnetOf(Source);
        InOrder = new LinkedListNode<PendingRequest>(this);
        InSubnet = new LinkedListNode<PendingRequest>(this);
    }

    public MessageId Id { get; }

    public RequestKind Kind { get; }

    public NodeId Target { get; }

    public StoreRequest Store { get; init; }

    public UdpEndpoint Source { get; }

    public IResponseRoute Route { get; }

    public int Length { get; }

    public int Footprint => Length + Overhead;

    public SourceNetwork Subnet { get; }

    public bool IsPinged { get; set; }

    public long PendingSince { get; set; }

    public LinkedListNode<PendingRequest> InOrder { get; }

    public LinkedListNode<PendingRequest> InSubnet { get; }
}
