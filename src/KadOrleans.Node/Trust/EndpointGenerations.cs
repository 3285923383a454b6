using System.Diagnostics.CodeAnalysis;

namespace KadOrleans.Node;

/// <summary>What is known of endpoints for one generation at least and two at most, bounded. Not thread-safe; reading allocates nothing.</summary>
internal sealed class EndpointGenerations<T>(TimeSpan generation, TimeProvider time)
{
    /// <summary>Endpoints per generation: some 10 MB at the most.</summary>
    public const int Capacity = 65_536;

    /// <summary>Endpoints of one public subnet (/24, /48), whose owner must not end generations at will.</summary>
    public const int MaxPerSubnet = 1_024;

    private Dictionary<UdpEndpoint, T> _current = [];
    private Dictionary<UdpEndpoint, T> _previous = [];
    private Dictionary<SourceNetwork, Queue<UdpEndpoint>> _subnets = [];
    private long _turnedAt = time.GetTimestamp();

    public int Count => _current.Count + _previous.Count;

    public bool TryGet(UdpEndpoint endpoint, [MaybeNullWhen(false)] out T known)
    {
        TurnIfOld();
        return _current.TryGetValue(endpoint, out known) || _previous.TryGetValue(endpoint, out known);
    }

    public void Set(UdpEndpoint endpoint, T known)
    {
        TurnIfOld();
        ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(_current, endpoint, out var isHeld);
        place = known;
        if (isHeld)
        {
            return;
        }

        MakeRoomInSubnet(endpoint);
        if (_current.Count >= Capacity)
        {
            Turn();
        }
    }

    public void Remove(UdpEndpoint endpoint)
    {
        _current.Remove(endpoint);
        _previous.Remove(endpoint);
    }

    // One that was removed and came again is in the queue twice, and may go early.
    private void MakeRoomInSubnet(UdpEndpoint endpoint)
    {
        if (endpoint.IsLocal)
        {
            return;
        }

        var neighbours = CollectionsMarshal.GetValueRefOrAddDefault(_subnets, SourceNetwork.SubnetOf(endpoint), out _) ??= new(1);
        neighbours.Enqueue(endpoint);
        if (neighbours.Count > MaxPerSubnet)
        {
            _current.Remove(neighbours.Dequeue());
        }
    }

    private void TurnIfOld()
    {
        if (time.GetElapsedTime(_turnedAt) >= generation)
        {
            Turn();
        }
    }

    private void Turn()
    {
        _previous = time.GetElapsedTime(_turnedAt) >= 2 * generation ? [] : _current;
        (_current, _subnets, _turnedAt) = ([], [], time.GetTimestamp());
    }
}
