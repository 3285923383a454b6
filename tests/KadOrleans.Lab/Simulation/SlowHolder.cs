namespace KadOrleans.Lab;

/// <summary>
/// A contact that answers after a while: it takes every STORE, whatever it holds, as Python's nodes do, and gives the last one back. So a
/// value that comes late replaces a newer one there.
/// </summary>
public sealed class SlowHolder(NodeId id, IDatagramTransport transport, TimeSpan delay) : ScriptedPeer(id, transport)
{
    private readonly ConcurrentDictionary<NodeId, (DhtValue Value, DateTimeOffset ExpiresAt)> _held = new();

    // Every value that was stored of a key.
    private readonly ConcurrentDictionary<(NodeId Key, DhtValue Value), bool> _stored = new();

    /// <summary>Called with the target of each lookup that reaches it, and the key of each STORE.</summary>
    public Action<NodeId> OnLookup { get; set; } = static _ => { };

    /// <summary>Whom it names to those who look something up.</summary>
    public IReadOnlyList<Contact> Others { get; set; } = [];

    /// <summary>Whether this value of a key was stored here, and another one after it.</summary>
    public bool HasLost(NodeId key, DhtValue value) => _stored.ContainsKey((key, value)) && _held[key].Value != value;

    private protected override void Take(Request request, MessageId id, UdpEndpoint source)
    {
        if (request.Kind == RequestKind.Store)
        {
            var store = request.AsStore();
            var life = store.SecondsLeft is { } seconds ? TimeSpan.FromSeconds(seconds) : new KademliaOptions().ValueTimeToLive;
            _held[store.Key] = (store.Value, DateTimeOffset.UtcNow + life);
            _stored[(store.Key, store.Value)] = true;
        }

        if (request.Kind is RequestKind.FindNode or RequestKind.FindValue or RequestKind.Store)
        {
            OnLookup(request.Target);
        }

        var answer = new byte[Datagram.MaxLength + 256];
        var length = Answer(request, id, source, answer);
        _ = SendLaterAsync(answer.AsMemory(0, length), source);
    }

    private protected override int AnswerFindValue(NodeId key, MessageId id, Span<byte> answer) => _held.TryGetValue(key, out var held)
        ? ResponseWriter.WriteValue(answer, id, held.Value, (uint)Math.Max(0, (held.ExpiresAt - DateTimeOffset.UtcNow).TotalSeconds))
        : base.AnswerFindValue(key, id, answer);

    protected override Contact[] Name(NodeId target) =>
        [.. Others.Where(other => other.Id != target).OrderBy(other => other.Id.DistanceTo(target)).Take(ResponseWriter.MaxContacts)];

    private async Task SendLaterAsync(ReadOnlyMemory<byte> answer, UdpEndpoint destination)
    {
        await Task.Delay(delay);
        Send(answer.Span, destination);
    }
}

/// <summary>Twenty of them, which know each other, over real UDP on loopback.</summary>
public sealed class SlowNetwork : IAsyncDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(3);

    private readonly ConcurrentDictionary<NodeId, TaskCompletionSource> _lookedUp = new();

    public SlowNetwork(TimeSpan delay)
    {
        Holders = [.. Enumerable.Range(0, 20).Select(i => new SlowHolder(
            NodeId.FromKey($"slow holder {i}"), UdpTransport.Bind(UdpEndpoint.Parse("127.0.0.1:0")), delay))];
        foreach (var holder in Holders)
        {
            // A lookup of nodes asks for the id beside its target (Lookup.QueryTarget).
            holder.OnLookup = target =>
            {
                LookupOf(target).TrySetResult();
                LookupOf(target.WithBit(NodeId.BitLength - 1, !target.GetBit(NodeId.BitLength - 1))).TrySetResult();
            };
            holder.Others = [.. Holders.Where(other => other != holder).Select(other => other.Contact)];
        }
    }

    public IReadOnlyList<SlowHolder> Holders { get; }

    /// <summary>Completes once somebody looks a key up, or stores it. Upkeep of a busy machine takes seconds; what nobody does at all fails.</summary>
    public Task LookedUpAsync(NodeId key) => LookupOf(key).Task.WaitAsync(Longest);

    /// <summary>At how many of them another value has replaced this one.</summary>
    public int CountLost(NodeId key, DhtValue value) => Holders.Count(holder => holder.HasLost(key, value));

    public async ValueTask DisposeAsync()
    {
        foreach (var holder in Holders)
        {
            await holder.DisposeAsync();
        }
    }

    private TaskCompletionSource LookupOf(NodeId key) =>
        _lookedUp.GetOrAdd(key, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
