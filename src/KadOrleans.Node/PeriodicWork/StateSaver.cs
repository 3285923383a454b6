namespace KadOrleans.Node;

/// <summary>Saves the id and contacts. An empty table never replaces the saved contacts: an outage empties it.</summary>
internal sealed class StateSaver(
    DhtNode node,
    LocalRoutingTable table,
    INodeStateStore states,
    IReadOnlyList<Contact> saved,
    KadNodeOptions options,
    Func<bool> isFailing,
    NodeEnvironment environment)
{
    /// <summary>Contacts saved, nearest first. A few buckets suffice to rejoin.</summary>
    private const int MaxContacts = 1_000;

    private readonly ILogger _logger = environment.LoggerFactory.CreateLogger<StateSaver>();
    private readonly TimeSpan _period =
        options.StateChangeSaveDelay < options.StateSaveInterval ? options.StateChangeSaveDelay : options.StateSaveInterval;

    private long _savedAt = environment.Time.GetTimestamp();
    private long _savedVersion = -1;
    private bool _isFailing;

    public IReadOnlyList<Contact> LastContacts { get; private set; } = saved;

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
        var contacts = node.Nearest(node.Id, MaxContacts);
        LastContacts = [.. (contacts.Count > 0 ? contacts : LastContacts).Concat(table.Former).DistinctBy(contact => contact.Endpoint).Take(MaxContacts)];

        await states.SaveAsync(new NodeState(node.Id, LastContacts), cancellationToken);
        _savedVersion = version;
    }
}
