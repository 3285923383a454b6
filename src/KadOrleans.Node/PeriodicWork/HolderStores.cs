namespace KadOrleans.Node;

/// <summary>
/// The STOREs of upkeep to a value's holders: they wait for upload and for room at each contact, and others take the places of holders that are
/// left out or do not answer, as far as their region is known.
/// </summary>
internal sealed class HolderStores(DhtNode node, SweepLookups lookups)
{
    /// <summary>How often others take the places of holders that do not answer a STORE: each time, a client's set of the key waits for its end.</summary>
    private const int MaxReplacements = 2;

    /// <summary>Waits until the STOREs of a value, and queries of its holders, are within the upload. Lookups and surveys wait for theirs.</summary>
    public Task WaitForUploadAsync(DhtValue value, int queries, CancellationToken cancellationToken)
    {
        var contacts = Math.Min(node.RoutingTable.Count, node.Options.Kademlia.BucketSize);
        return node.Upload.WaitAsync(value, contacts, Math.Min(queries, contacts), cancellationToken);
    }

    /// <summary>
    /// Waits for room at a value's holders. Others take the places of those that are left out, which are no part of their region until they answer.
    /// Dispose the pass.
    /// </summary>
    public async Task<ContactPass> EnterAsync(NodeId key, LookupOutcome holders, CancellationToken cancellationToken)
    {
        var pass = await node.Windows.EnterAsync(holders.Closest, cancellationToken);
        if (pass.Contacts.Count < holders.Closest.Count)
        {
            List<Contact> missing = [.. holders.Closest.Except(pass.Contacts)];
            missing.FindAll(contact => node.Windows.IsLeftOut(contact.Endpoint)).ForEach(lookups.Leave);
            node.Windows.TryEnter(pass, lookups.Replace(key, holders.Closest, missing));
        }

        return pass;
    }

    /// <summary>Sends a value to others in place of those of the pass that did not answer.</summary>
    /// <returns>How many of these others took and refused it, and all that have answered, those of the pass too.</returns>
    public async Task<(int Stored, int Refused, IReadOnlyList<Contact> Answered)> SendToOthersAsync(
        NodeId key, SentValue value, LookupOutcome holders, ContactPass pass, CancellationToken cancellationToken)
    {
        List<Contact> asked = [.. holders.Closest.Union(pass.Contacts)];
        List<Contact> missing = [.. asked.Except(pass.Contacts)];
        var (unanswered, stored, refused) = (pass.Unanswered, 0, 0);
        for (var replaced = 0; replaced < MaxReplacements && unanswered.Count > 0; replaced++)
        {
            missing.AddRange(unanswered);
            using var others = node.Windows.TryEnter(lookups.Replace(key, asked, missing));
            if (others.Contacts.Count == 0)
            {
                break;
            }

            var sent = await node.Publisher.SendAsync(key, value, holders, cancellationToken, others);
            (stored, refused) = (stored + sent.Stored, refused + sent.Refused);
            asked.AddRange(others.Contacts);
            unanswered = others.Unanswered;
        }

        return (stored, refused, [.. asked.Except(missing).Except(unanswered)]);
    }

    /// <summary>What the answers of holders make of a value that was sent: <see cref="SendOutcome.Open"/> if any took it.</summary>
    public SendOutcome OutcomeOf(SetResult result) =>
        result.Stored > 0 ? SendOutcome.Open
        : result.Refused > 0 ? SendOutcome.Refused
        : node.IsCutOff(result) ? SendOutcome.Unanswered
        : SendOutcome.Alone;
}
