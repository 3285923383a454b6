namespace KadOrleans.Node;

/// <summary>Saves the id and contacts. An empty table never replaces the saved contacts: an outage empties it.</summary>
internal sealed class StateSaver(
    DhtNode node,
    LocalRoutingTable table,
    INodeStateStore states,
    NodeState? saved,
    KadNodeOptions options,
    Func<bool> isFailing,
    NodeEnvironment environment)
{
    /// <summary>Contacts saved: the nearest ones, then the lost ones. A few buckets suffice to rejoin.</summary>
    private const int MaxContacts = 1_000;

    private readonly ILogger _logger = environment.LoggerFactory.CreateLogger<StateSaver>();
    private readonly TimeSpan _period =
        options.StateChangeSaveDelay < options.StateSaveInterval ? options.StateChangeSaveDelay : options.StateSaveInterval;

    private long _savedAt = environment.Time.GetTimestamp();
    private long _savedVersion = -1;
    private bool _isFailing;

    private NodeState _last = saved ?? new NodeState(node.Id, []);

    public IReadOnlyList<Contact> LastContacts => _last.Contacts;

    /// <summary>Saves what is due. Returns the time until the next check, soon while storage fails.</summary>
    public async Task<TimeSpan> CheckAsync(CancellationToken cancellationToken)
    {
        var isDue = environment.Time.GetElapsedTime(_savedAt) >= options.StateSaveInterval
            || node.RoutingTable.Version != _savedVersion
            || isFailing();
        try
        {
            if (isDue)
            {
                await SaveAsync(cancellationToken);
                (_savedAt, _isFailing) = (environment.Time.GetTimestamp(), false);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            if (!_isFailing)
            {
                _logger.StateNotSaved(e);
            }

            _isFailing = true;
        }

        return _period;
    }

    public async Task SaveAsync(CancellationToken cancellationToken)
    {
        var version = node.RoutingTable.Version;
        var former = table.Former;
        var contacts = node.Nearest(node.Id, MaxContacts - former.Count);
        var known = (contacts.Count > 0 ? table.Known : _last.Known).Concat(former).ToLookup(one => one.Contact);
        var nearest = contacts.Count > 0 ? contacts : LastContacts.Where(IsKept).Take(MaxContacts - former.Count);
        IReadOnlyList<Contact> saved = [.. nearest.Concat(former.Select(one => one.Contact)).DistinctBy(contact => contact.Endpoint)];
        _last = new NodeState(node.Id, saved) { Known = [.. saved.SelectMany(contact => known[contact].TakeLast(1))] };
        await states.SaveAsync(_last, cancellationToken);
        _savedVersion = version;

        // Not what the table had lost and has forgotten since, as when an operator dropped it.
        bool IsKept(Contact contact) => !_last.Known.Any(one => one.IsFormer && one.Contact == contact) || former.Any(one => one.Contact == contact);
    }
}
