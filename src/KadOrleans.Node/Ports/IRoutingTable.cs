namespace KadOrleans.Node;

/// <summary>An immutable snapshot to read, and a sink for observations. No member blocks. Events come from any thread.</summary>
internal interface IRoutingTable
{
    /// <summary>A verified contact entered the table, and the snapshot has it.</summary>
    event Action<Contact>? ContactAdded;

    /// <summary>The table wants to know whether this contact still answers (Kademlia §2.2).</summary>
    event Action<Contact>? CheckNeeded;

    RoutingTableSnapshot Snapshot { get; }

    /// <summary>Whether it has contacts that answered for some minutes, or had some that are remembered, before a restart too.</summary>
    bool HasHadContacts => Snapshot.Count > 0;

    /// <summary>Contacts that it dropped as they did not answer, and that are to be asked again now. Called once a minute.</summary>
    ValueTask<FormerContactsNews> TakeFormerAsync(CancellationToken cancellationToken) => ValueTask.FromResult(FormerContactsNews.None);

    /// <summary>A later <see cref="Snapshot"/> has it, perhaps after some time.</summary>
    void Observe(ContactObservation observation);
}
