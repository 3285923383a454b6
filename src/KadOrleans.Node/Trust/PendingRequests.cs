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
        request.InOrder = _order.AddLast(request);
        (CollectionsMarshal.GetValueRefOrAddDefault(_byEndpoint, request.Source, out _) ??= new List<PendingRequest>(1)).Add(request);
        var share = CollectionsMarshal.GetValueRefOrAddDefault(_bySubnet, request.Subnet, out _) ??= new SubnetShare();
        request.InSubnet = share.Order.AddLast(request);
        share.Bytes += request.Footprint;
        _bytes += request.Footprint;
    }

    private void Remove(PendingRequest request)
    {
        _order.Remove(request.InOrder!);
        var ofEndpoint = _byEndpoint[request.Source];
        ofEndpoint.Remove(request);
        if (ofEndpoint.Count == 0)
        {
            _byEndpoint.Remove(request.Source);
        }

        var share = _bySubnet[request.Subnet];
        share.Order.Remove(request.InSubnet!);
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

internal sealed class PendingRequest(RequestKind kind, NodeId target, in RequestSource context)
{
    /// <summary>Bytes besides the datagram: the object, and its places in the lists.</summary>
    private const int Overhead = 640;

    public MessageId Id { get; } = context.Id;

    public RequestKind Kind => kind;

    public NodeId Target => target;

    public StoreRequest Store { get; init; }

    public UdpEndpoint Source { get; } = context.Source;

    public IResponseRoute Route { get; } = context.Route;

    public int Length { get; } = context.Length;

    public int Footprint => Length + Overhead;

    public SourceNetwork Subnet { get; } = SourceNetwork.SubnetOf(context.Source);

    public bool AsksForToken { get; } = context.AsksForToken;

    public TokenCheck Token { get; } = context.Token;

    /// <summary>The bytes of the ping that it drew; 0 if it drew none.</summary>
    public int PingLength { get; set; }

    public long PendingSince { get; set; }

    /// <summary>Its place among all; null while it is not held.</summary>
    public LinkedListNode<PendingRequest>? InOrder { get; set; }

    /// <summary>Its place among those of its subnet; null while it is not held.</summary>
    public LinkedListNode<PendingRequest>? InSubnet { get; set; }
}
