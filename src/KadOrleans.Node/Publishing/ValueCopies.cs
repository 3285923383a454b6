using KadOrleans.Core.Items;

namespace KadOrleans.Node;

/// <summary>
/// Sends copies to single contacts, in the key's turn: only what is held then, and after it what was stored while it went out, which a late
/// retry may have replaced there.
/// </summary>
internal sealed class ValueCopies(IKeyStore store, ValueStorer storer, KeyTurns turns, KademliaOptions options, TimeProvider time)
{
    /// <summary>
    /// Sends a held value with the life that is left, or a kept item with a full one. It is skipped if it is not held any more: whoever stored
    /// another sends that. So it is if too many calls wait for the key.
    /// </summary>
    /// <exception cref="KeyStoreException">The store did not answer.</exception>
    public Task<CopyResult> SendHeldAsync(NodeId key, DhtValue value, Contact contact) => turns.TryRunAsync(
        key,
        async () =>
        {
            if (await GetAsync(key) is not { } held || held.Value != value)
            {
                return CopyResult.Skipped;
            }

            var taken = await SendAsync(key, held, contact);
            await SendLaterAsync(key, value, DateTimeOffset.MinValue, contact);
            return taken is null ? CopyResult.Unanswered : taken.Value ? CopyResult.Taken : CopyResult.Refused;
        },
        static () => CopyResult.Skipped,
        CancellationToken.None);

    /// <summary>
    /// Sends what a get found elsewhere, unless the key was set here since the get began, or is a client's with another value. Who wrote it
    /// is not known: its author may write without tokens. Throws nothing.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="life">Its life at the contact.</param>
    /// <param name="contact">The contact.</param>
    /// <param name="watch">Of the key, since the get began. It may be disposed once this has returned.</param>
    /// <param name="since">When the get began.</param>
    public async Task SendFoundAsync(
        NodeId key, DhtValue value, TimeSpan life, Contact contact, KeyTurns.TurnWatch watch, DateTimeOffset since)
    {
        try
        {
            await turns.TryRunAsync(
                key,
                async () =>
                {
                    if (!watch.IsQuiet(own: 1) || (await GetAsync(key) is { } held && IsLater(key, held, value, since)))
                    {
                        return false;
                    }

                    await storer.StoreAsync(key, new SentValue(value, life), contact);
                    await SendLaterAsync(key, value, since, contact);
                    return true;
                },
                static () => false,
                CancellationToken.None);
        }
        catch (KeyStoreException)
        {
            // Another get leaves a copy.
        }
    }

    // Of items the owner's number decides. What was found was checked when it came.
    private static bool IsLater(NodeId key, StoredValue held, DhtValue value, DateTimeOffset since) =>
        ItemOrder.Newest.Compare(CheckedItem.OfChecked(key, held.Value), CheckedItem.OfChecked(key, value)) is not 0 and var order
            ? order > 0
            : held.Value != value && (held.Source.IsTrusted || held.StoredAt >= since);

    private async Task SendLaterAsync(NodeId key, DhtValue sent, DateTimeOffset since, Contact contact)
    {
        for (var i = 0; i < ValuePublisher.MaxCorrections && await GetAsync(key) is { } held && IsLater(key, held, sent, since); i++)
        {
            sent = held.Value;
            await SendAsync(key, held, contact);
        }
    }

    private ValueTask<StoredValue?> GetAsync(NodeId key) => store.GetCurrentAsync(key, time.GetUtcNow());

    private Task<bool?> SendAsync(NodeId key, StoredValue held, Contact contact) =>
        storer.StoreAsync(key, SentValue.OfHeld(held, options.LifeOf(held, time.GetUtcNow())), contact);
}

/// <summary>What became of a copy.</summary>
internal enum CopyResult
{
    /// <summary>The value is not held any more, and was not sent.</summary>
    Skipped,
    Taken,
    Refused,
    Unanswered,
}
