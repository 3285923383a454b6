namespace KadOrleans.Node;

/// <summary>The bans and limits that a node follows. One caller at a time changes them.</summary>
internal sealed class RulesInForce(
    LimitValues settings,
    int mostKeys,
    BansInForce bans,
    IRoutingTable table,
    IKeyStore store,
    RequestAdmission admission,
    EndpointRates rates,
    UploadBudget budget)
{
    public LimitValues Settings { get; } = settings;

    public LimitValues Limits { get; private set; } = settings;

    /// <summary>Replaces all rules. Bans come before <see cref="KadNodeOptions.Trust"/>. Nothing held is evicted now.</summary>
    public void Apply(BanSet banned, IEnumerable<LimitEntry> changes)
    {
        bans.Set = banned;
        foreach (var contact in table.Snapshot.Contacts.Where(banned.Contains))
        {
            table.Observe(ContactObservation.Dropped(contact));
        }

        var limits = LimitBook.Apply(Settings, changes, mostKeys);

        // An unchanged quota is not set: the store may have been opened with another.
        if (limits.Quota != Limits.Quota)
        {
            store.SetQuota(limits.Quota);
        }

        Limits = limits;
        admission.Use(limits.Requests);
        rates.Use(limits.Requests, limits.Upload);
        budget.BytesPerSecond = limits.Upload.Total;
    }
}
