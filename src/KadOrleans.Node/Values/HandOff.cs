using System.Threading.Channels;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Ports;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Node.Values;

/// <summary>
/// Hands values off to verified new contacts (Kademlia §2.5). It serves one contact at a time, within a rate. So many new contacts cannot
/// make this node flood the network.
/// </summary>
internal sealed class HandOff(
    IRoutingTable table,
    IKeyStore store,
    ValueStorer storer,
    KademliaOptions options,
    TimeProvider time,
    ILogger logger)
{
    /// <summary>Queued contacts. The oldest is dropped, and republishing reaches it later.</summary>
    private const int MaxWaiting = 1_024;

    /// <summary>STOREs sent before a pause: with <see cref="Pause"/> at most 320 per second.</summary>
    private const int Burst = 32;

    /// <summary>
    /// Time for one contact. Each value waits for the contact's response, so one that is slow, or slow on purpose, would delay all others.
    /// </summary>
    private static readonly TimeSpan Turn = TimeSpan.FromMinutes(1);

    /// <summary>Refusals before hand-off to a contact ends. It may hold newer values of a few keys; a full one gets no more.</summary>
    private const int MaxRefusals = 8;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Channel<Contact> _newcomers = Channel.CreateBounded<Contact>(
        new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    public void Enqueue(Contact newcomer) => _newcomers.Writer.TryWrite(newcomer);

    /// <summary>Works through the newcomers until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        new MaintenanceJob(nameof(HandOff), LookAsync).RunAsync(time, logger, cancellationToken);

    private async Task<TimeSpan> LookAsync(CancellationToken cancellationToken)
    {
        var newcomers = new List<Contact> { await _newcomers.Reader.ReadAsync(cancellationToken) };
        while (_newcomers.Reader.TryRead(out var another))
        {
            newcomers.Add(another);
        }

        newcomers.RemoveAll(newcomer => !MayApply(newcomer));
        if (newcomers.Count > 0)
        {
            await WelcomeAsync(newcomers, cancellationToken);
        }

        return TimeSpan.Zero;
    }

    private async Task WelcomeAsync(List<Contact> newcomers, CancellationToken cancellationToken)
    {
        // After a start all saved contacts are new, and hardly any is near to a key. One scan of the keys finds those.
        var concerned = newcomers.Count > 1 ? await FindConcernedAsync(newcomers, cancellationToken) : newcomers;
        foreach (var newcomer in concerned)
        {
            logger.ValuesHandedOff(await HandOffAsync(newcomer, cancellationToken));
        }
    }

    private async Task<IReadOnlyCollection<Contact>> FindConcernedAsync(List<Contact> newcomers, CancellationToken cancellationToken)
    {
        var concerned = new List<Contact>();
        await foreach (var _ in store.ScanAsync(HandOffRule.GetRegion(table.Snapshot), Consider, cancellationToken))
        {
            if (newcomers.Count == 0)
            {
                break;
            }
        }

        return concerned;

        // The keys decide, so no value is read.
        bool Consider(KeyLife life)
        {
            for (var i = newcomers.Count - 1; i >= 0; i--)
            {
                if (Applies(life.Key, newcomers[i]))
                {
                    concerned.Add(newcomers[i]);
                    newcomers.RemoveAt(i);
                }
            }

            return false;
        }
    }

    private async Task<int> HandOffAsync(Contact newcomer, CancellationToken cancellationToken)
    {
        var sent = 0;
        var refused = 0;
        var begunAt = time.GetTimestamp();
        await foreach (var (key, stored) in store.ScanAsync(HandOffRule.GetRegion(table.Snapshot, newcomer.Id), IsToSend, cancellationToken))
        {
            // A contact that refuses values gets no more of them.
            var taken = await storer.StoreAsync(key, stored.Value, stored.LifeLeft(time.GetUtcNow()), newcomer);
            refused += taken is false ? 1 : 0;
            if (taken is null || refused > MaxRefusals || time.GetElapsedTime(begunAt) > Turn)
            {
                break;
            }

            if (++sent % Burst == 0)
            {
                await Task.Delay(Pause, time, cancellationToken);
            }
        }

        return sent;

        bool IsToSend(KeyLife life) => life.ExpiresAt > time.GetUtcNow() && Applies(life.Key, newcomer);
    }

    // Most newcomers of a large network are near to no key of this node, and cost no look at the store.
    private bool MayApply(Contact newcomer) => HandOffRule.MayApply(table.Snapshot, newcomer.Id, options.BucketSize);

    private bool Applies(NodeId key, Contact newcomer)
    {
        var snapshot = table.Snapshot;
        Span<Contact> nearest = stackalloc Contact[options.BucketSize + 1];
        var count = snapshot.FindClosest(key, nearest);
        var others = 0;
        foreach (var contact in nearest[..count])
        {
            if (contact.Id != newcomer.Id && others < options.BucketSize)
            {
                nearest[others++] = contact;
            }
        }

        return HandOffRule.Applies(key, snapshot.OwnId, newcomer.Id, nearest[..others], options.BucketSize);
    }
}
