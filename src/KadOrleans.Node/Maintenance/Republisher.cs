using System.Threading.Channels;
using KadOrleans.Core;
using KadOrleans.Core.Maintenance;
using KadOrleans.Core.Values;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Ports;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Node.Maintenance;

/// <summary>
/// Republishes values (Kademlia §2.5): held ones with their remaining life, own publications with a new one. The rate and the number of
/// concurrent values are bounded. Each value is checked again just before it is sent, so requesting it twice does no harm.
/// </summary>
internal sealed class Republisher
{
    /// <summary>The most values sent concurrently. A lookup takes seconds, so fewer would not reach the rate.</summary>
    private const int MaxParallel = 64;

    /// <summary>The most pending publications sent concurrently.</summary>
    private const int MaxPending = 16;

    private readonly DhtNode _node;
    private readonly IKeyStore _store;
    private readonly IPublicationStore _publications;
    private readonly TimeProvider _time;
    private readonly TimeSpan _pause;
    private readonly ILogger _logger;
    private readonly List<Task> _running = [];

    // Bounded by its callers: one check, and the keys that a schedule has accepted.
    private readonly Channel<MaintenanceTask> _work = Channel.CreateUnbounded<MaintenanceTask>(
        new UnboundedChannelOptions { SingleReader = true });

    // Drops the newest when full: the next check finds the publication.
    private readonly Channel<NodeId> _soon = Channel.CreateBounded<NodeId>(
        new BoundedChannelOptions(1_024) { FullMode = BoundedChannelFullMode.DropWrite });

    // 1 while a check of everything is queued: a second one would find nothing more.
    private int _lookWaits;
    private int _republished;
    private int _published;

    public Republisher(DhtNode node, IKeyStore store, IPublicationStore publications, NodeEnvironment environment)
    {
        (_node, _store, _publications, _time) = (node, store, publications, environment.Time);
        _pause = TimeSpan.FromSeconds(1 / node.Options.RepublishRate);
        _logger = environment.LoggerFactory.CreateLogger<Republisher>();
    }

    private KademliaOptions Kademlia => _node.Options.Kademlia;

    /// <summary>Queues work. A check of everything is queued only once.</summary>
    public void Enqueue(MaintenanceTask work)
    {
        if (work is not MaintenanceTask.Republish || Interlocked.Exchange(ref _lookWaits, 1) == 0)
        {
            _work.Writer.TryWrite(work);
        }
    }

    /// <summary>Sends a pending publication at once, in parallel with the queued work.</summary>
    public void PublishSoon(NodeId key) => _soon.Writer.TryWrite(key);

    /// <summary>The jobs: one for pending publications, one for the queued work.</summary>
    public IEnumerable<MaintenanceJob> Jobs =>
        [MaintenanceJob.Once(nameof(Republisher), SendPendingAsync), new(nameof(Republisher), WorkAsync)];

    private async Task SendPendingAsync(CancellationToken cancellationToken)
    {
        var running = new List<Task>();
        try
        {
            while (true)
            {
                var key = await _soon.Reader.ReadAsync(cancellationToken);
                await MakeRoomAsync(running, MaxPending);
                running.Add(SendAsync(key, static (_, _, _) => false, cancellationToken));
            }
        }
        finally
        {
            await Task.WhenAll(running);
        }
    }

    private async Task<TimeSpan> WorkAsync(CancellationToken cancellationToken)
    {
        await DoAsync(await _work.Reader.ReadAsync(cancellationToken), cancellationToken);
        return TimeSpan.Zero;
    }

    private async Task DoAsync(MaintenanceTask work, CancellationToken cancellationToken)
    {
        (_republished, _published) = (0, 0);
        try
        {
            if (work is MaintenanceTask.RepublishKeys some)
            {
                foreach (var key in some.Keys)
                {
                    await BeginAsync(key, static (republisher, _, held) => republisher.IsDueAtLook(held), cancellationToken);
                }
            }
            else
            {
                Interlocked.Exchange(ref _lookWaits, 0);
                await LookAsync(cancellationToken);
            }
        }
        finally
        {
            await Task.WhenAll(_running);
            _running.Clear();
            (work as MaintenanceTask.RepublishKeys)?.Ended();
        }

        if (_republished + _published > 0)
        {
            _logger.ValuesRepublished(_republished, _published);
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        await foreach (var (key, publication) in _publications.ScanAsync(cancellationToken))
        {
            if (IsDue(publication))
            {
                await BeginAsync(key, static (_, _, _) => false, cancellationToken);
            }
        }

        await foreach (var (key, _) in _store.ScanAsync(KeyRegion.Everywhere, IsToSend, cancellationToken))
        {
            await BeginAsync(key, static (republisher, key, held) => republisher.IsDue(key, held), cancellationToken);
        }
    }

    private async Task BeginAsync(
        NodeId key, Func<Republisher, NodeId, StoredValue, bool> isDue, CancellationToken cancellationToken)
    {
        await MakeRoomAsync(_running, MaxParallel);
        _running.Add(SendAsync(key, isDue, cancellationToken));
        await Task.Delay(_pause, _time, cancellationToken);
    }

    private static async Task MakeRoomAsync(List<Task> running, int most)
    {
        if (running.Count >= most)
        {
            await Task.WhenAny(running);
            running.RemoveAll(static task => task.IsCompleted);
        }
    }

    /// <summary>Sends one value, and never fails.</summary>
    private async Task SendAsync(
        NodeId key, Func<Republisher, NodeId, StoredValue, bool> isDue, CancellationToken cancellationToken)
    {
        try
        {
            if (await _publications.GetAsync(key, cancellationToken) is { } publication && IsDue(publication))
            {
                await PublishAsync(key, publication, cancellationToken);
                return;
            }

            var held = await _store.GetAsync(key, _time.GetUtcNow(), cancellationToken);
            if (held is not null && isDue(this, key, held) && IsResponsible(key))
            {
                await _node.SpreadAsync(key, held, cancellationToken);
                await _store.PutAsync(key, held with { StoredAt = _time.GetUtcNow() }, PutKind.Copy, cancellationToken);
                _republished++;
                _node.Metrics.ValueRepublished();
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            if (!cancellationToken.IsCancellationRequested)
            {
                _logger.MaintenanceFailed(nameof(Republisher), e);
            }
        }
    }

    private async Task PublishAsync(NodeId key, Publication publication, CancellationToken cancellationToken)
    {
        var later = await FindLaterAsync(key, publication, cancellationToken);
        if (await _node.Turns.RunAsync(key, () => PublishAsync(key, publication, later, cancellationToken)))
        {
            _published++;
        }
    }

    private async Task<bool> PublishAsync(NodeId key, Publication publication, StoredValue? later, CancellationToken cancellationToken)
    {
        if (await _publications.GetAsync(key, cancellationToken) != publication)
        {
            // The publication was ended or changed while the network was queried.
            return false;
        }

        if (later is not null)
        {
            // First, as a cluster's shard lets no copy replace a publication.
            await _publications.RemoveAsync(key, cancellationToken);
            await TakeOverAsync(key, later, cancellationToken);
            return false;
        }

        var result = await _node.SetAsync(key, publication.Value, cancellationToken);
        if (!result.Succeeded || await _publications.GetAsync(key, cancellationToken) != publication)
        {
            return false;
        }

        await _publications.PutAsync(key, publication with { PublishedAt = _time.GetUtcNow(), IsPending = false }, cancellationToken);
        return true;
    }

    /// <summary>
    /// The other value that a majority of the k nearest has, if its remaining life shows that it was published later; else null. This node
    /// counts too if its copy was overwritten. Fewer than a majority may lie.
    /// </summary>
    private async Task<StoredValue?> FindLaterAsync(NodeId key, Publication publication, CancellationToken cancellationToken)
    {
        // Read before the query, as contacts that do not respond are dropped.
        var known = Math.Min(_node.RoutingTable.Count, Kademlia.BucketSize);
        var found = await _node.AskAllHoldersAsync(key, cancellationToken);
        var now = _time.GetUtcNow();
        var held = await _store.GetAsync(key, now, cancellationToken);
        var (other, left) = found.Value is null ? (held?.Value, held?.LifeLeft(now)) : (found.Value, found.ValueLife);
        if (other is not { } value || value == publication.Value
            || left is not { } life || now + life <= publication.PublishedAt + Kademlia.ValueTimeToLive)
        {
            return null;
        }

        // The publication's own copy has no vote; an overwritten copy has one. Contacts that do not respond count towards the total, so in
        // an outage one liar is no majority.
        var own = held?.Value == value ? 1 : 0;
        var judges = Math.Max(found.Closest.Count, known) + own;
        var voices = found.Agreed + own;
        if (found.Agreed == 0 || 2 * voices <= judges)
        {
            return null;
        }

        _logger.PublicationEnded(key, voices, judges);
        life = life < Kademlia.ValueTimeToLive ? life : Kademlia.ValueTimeToLive;
        return new StoredValue(value, now, now + life, default);
    }

    /// <summary>Replaces the local value, which would hide the later one from local gets.</summary>
    private async Task TakeOverAsync(NodeId key, StoredValue later, CancellationToken cancellationToken)
    {
        if (await _store.GetAsync(key, _time.GetUtcNow(), cancellationToken) is { } held && held.Value != later.Value)
        {
            await _store.PutAsync(key, later with { Source = held.Source }, PutKind.Copy, cancellationToken);
        }
    }

    private bool IsDue(Publication publication) => publication.IsPending
        || RepublishPolicy.IsPublicationDue(publication.PublishedAt, _time.GetUtcNow(), Kademlia);

    private bool IsDue(NodeId key, StoredValue held) =>
        RepublishPolicy.IsDue(key, held, _node.Id, _time.GetUtcNow(), Kademlia);

    private bool IsToSend(KeyLife life) =>
        RepublishPolicy.IsDue(life.Key, life.StoredAt, life.ExpiresAt, _node.Id, _time.GetUtcNow(), Kademlia) && IsResponsible(life.Key);

    private bool IsDueAtLook(StoredValue held) => RepublishPolicy.IsDueAtLook(held, _time.GetUtcNow(), Kademlia);

    private bool IsResponsible(NodeId key) =>
        RepublishPolicy.IsResponsible(key, _node.RoutingTable, Kademlia.BucketSize);
}
