using KadOrleans.Core.Admission;
using KadOrleans.Core.Limits;
using KadOrleans.Core.Routing;
using KadOrleans.Node.Handlers;
using KadOrleans.Node.Ports;

namespace KadOrleans.Node.Trust;

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

    /// <summary>
    /// Follows these rules from now on, in place of those before. Banned contacts leave the table, requests of banned senders get no response,
    /// and banned nodes are not asked. Bans come before <see cref="KadNodeOptions.Trust"/>. Nothing that is held is evicted for a limit now.
    /// </summary>
    /// <param name="banned">All bans.</param>
    /// <param name="changes">The limits that differ from the settings; <see cref="LimitBook.Apply"/> says which of them are followed.</param>
    public void Follow(BanSet banned, IEnumerable<LimitEntry> changes)
    {
        bans.Set = banned;
        foreach (var contact in table.Snapshot.Contacts.Where(banned.Contains))
        {
            table.Observe(ContactObservation.Dropped(contact));
        }

        var limits = LimitBook.Apply(Settings, changes, mostKeys);

        // Unchanged, it is the store's own matter.
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
