using KadOrleans.Core;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Ports;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Node.Maintenance;

/// <summary>
/// Saves the node's id and contacts: at an interval, soon after they changed, and when the node stops. An empty table
/// never replaces saved contacts: after an outage they are the way back.
/// </summary>
/// <param name="node">Has the id and the contacts.</param>
/// <param name="states">Where to.</param>
/// <param name="options">How often.</param>
/// <param name="isFailing">Whether the storage takes nothing: then it is tried again soon, so that the end of an outage is noticed.</param>
/// <param name="environment">Time and logging.</param>
internal sealed class StateSaver(
    DhtNode node, INodeStateStore states, KadNodeOptions options, Func<bool> isFailing, NodeEnvironment environment)
{
    /// <summary>Contacts saved, nearest first: a few buckets' worth is plenty to come back with.</summary>
    private const int MaxContacts = 1_000;

    private readonly ILogger _logger = environment.LoggerFactory.CreateLogger<StateSaver>();
    private readonly TimeSpan _period =
        options.StateChangeSaveDelay < options.StateSaveInterval ? options.StateChangeSaveDelay : options.StateSaveInterval;

    private long _savedAt = environment.Time.GetTimestamp();
    private long _savedVersion = -1;
    private bool _isFailing;

    /// <summary>The contacts saved last, or taken over: the way back into the network.</summary>
    public IReadOnlyList<Contact> LastContacts { get; private set; } = [];

    /// <summary>Takes over what was saved by an earlier run.</summary>
    public void Begin(NodeState? saved) => LastContacts = saved?.Contacts ?? [];

    /// <summary>Saves what changed, or if it is time to, and says when to look again. A failure is tried again, and logged once.</summary>
    public async Task<TimeSpan> LookAsync(CancellationToken cancellationToken)
    {
        var isDue = environment.Time.GetElapsedTime(_savedAt) >= options.StateSaveInterval
            || node.RoutingTable.Version != _savedVersion
            || isFailing();
        if (isDue && await TrySaveAsync(cancellationToken))
        {
            _savedAt = environment.Time.GetTimestamp();
        }

        return _period;
    }

    private async Task<bool> TrySaveAsync(CancellationToken cancellationToken)
    {
        try
        {
            await SaveAsync(cancellationToken);
            _isFailing = false;
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Once per outage: it is tried every few seconds.
            if (!_isFailing)
            {
                _logger.StateNotSaved(e);
            }

            _isFailing = true;
            return false;
        }
    }

    /// <summary>Saves now.</summary>
    /// <exception cref="KeyStoreException">The storage failed.</exception>
    public async Task SaveAsync(CancellationToken cancellationToken)
    {
        var version = node.RoutingTable.Version;
        var contacts = node.Nearest(node.Id, MaxContacts);
        if (contacts.Count > 0)
        {
            LastContacts = contacts;
        }

        await states.SaveAsync(new NodeState(node.Id, LastContacts), cancellationToken);
        _savedVersion = version;
    }
}
