using System.Diagnostics;

namespace KadOrleans.Node;

internal sealed class RequestHandlers(
    IRoutingTable table,
    IKeyStore store,
    KeyWatches watches,
    KademliaOptions options,
    ResponseGate gate,
    WriteGuard writes,
    SiblingIds siblings,
    BansInForce bans,
    NodeMetrics metrics,
    TimeProvider time,
    ILogger logger)
{
    /// <summary>Older STOREs are refused, as only a frozen node has them: the sender may have timed out.</summary>
    internal static readonly TimeSpan MaxStoreAge = Strangers.StoreWait + TimeSpan.FromSeconds(0.5);

    /// <summary>The longest response: 64 contacts, or the longest value behind its header.</summary>
    private const int MaxResponseLength = Datagram.MaxLength + 256;

    [ThreadStatic]
    private static byte[]? _responseBuffer;

    private readonly NodeId _ownId = table.Snapshot.OwnId;
    private readonly DeferredResponses _deferred = new(metrics, logger);

    private static Span<byte> Buffer => _responseBuffer ??= new byte[MaxResponseLength];

    public Task DrainAsync() => _deferred.DrainAsync();

    public void Handle(Request request, in RequestSource context)
    {
        switch (request.Kind)
        {
            case RequestKind.Ping:
                Send(ResponseWriter.WritePong(Buffer, context.Id, _ownId, TokenFor(context)), RequestKind.Ping, default, context);
                gate.Consider(context, isPing: true);
                break;
            case RequestKind.Stun:
                Stun(context);
                break;
            case RequestKind.FindNode:
                FindNode(request.Target, context);
                gate.Consider(context);
                break;
            case RequestKind.FindValue:
                FindValue(request.Target, context);
                gate.Consider(context);
                break;
            case RequestKind.Store:
                var put = request.AsStore();
                if (!IsTooOld(context))
                {
                    gate.Consider(context);
                }

                Store(put, context);
                break;
            default:
                throw new UnreachableException($"No handler for {request.Kind}.");
        }
    }

    /// <summary>A client responds with nothing, so that nodes which took it for a node do not wait for it.</summary>
    public void HandleAsClient(RequestKind kind, in RequestSource context)
    {
        var length = kind switch
        {
            RequestKind.Ping => ResponseWriter.WriteEmptyPong(Buffer, context.Id),
            RequestKind.Stun => ResponseWriter.WriteStun(Buffer, context.Id, context.Source),
            RequestKind.Store => ResponseWriter.WriteStored(Buffer, context.Id, false),
            RequestKind.FindNode or RequestKind.FindValue => ResponseWriter.WriteNodes(Buffer, context.Id, []),
        };
        Send(length, kind, default, context);
    }

    public void Stun(in RequestSource context) =>
        Send(ResponseWriter.WriteStun(Buffer, context.Id, context.Source), RequestKind.Stun, default, context);

    /// <summary>Responds with the k nearest contacts, as other nodes do without the sender's endpoint and the target.</summary>
    public void FindNode(NodeId target, in RequestSource context) =>
        Send(WriteNodes(target, context), RequestKind.FindNode, target, context);

    /// <summary>Responds to an unproven sender with as many of the nearest contacts as it may get.</summary>
    public void FindNodeShortened(PendingRequest pending, in RequestSource context)
    {
        var length = WriteNodesWithin(ResponseGate.AllowanceOf(pending), pending.Target, context);
        gate.RespondShortened(Buffer[..length], pending);
    }

    public void FindValue(NodeId key, in RequestSource context)
    {
        if (IsBusy(RequestKind.FindValue))
        {
            return;
        }

        var found = store.FindAsync(key, time.GetUtcNow());
        if (found.IsCompletedSuccessfully)
        {
            RespondToFindValue(key, found.Result, context);
        }
        else if (found.IsFaulted)
        {
            // Throwing for each would put the node behind as well.
            var failure = found.AsTask().Exception!.InnerException!;
            _deferred.OnFailed(failure);
            if (failure is not KeyStoreException { IsBusy: true })
            {
                RespondToFindValue(key, null, context);
            }
        }
        else
        {
            _deferred.Add(this, key, found, context);
        }
    }

    /// <summary>Responds to FIND_VALUE if that takes no read. False: it takes one, and nothing was sent.</summary>
    public bool TryFindValue(NodeId key, in RequestSource context)
    {
        if (IsBusy(RequestKind.FindValue))
        {
            return true;
        }

        var isKnown = store.TryFind(key, time.GetUtcNow(), out var stored);
        if (isKnown)
        {
            RespondToFindValue(key, stored, context);
        }

        return isKnown;
    }

    /// <summary>Stores the value, unless rules or quotas refuse it, and responds once it is durable.</summary>
    public void Store(StoreRequest request, in RequestSource context)
    {
        if (IsLate(context) || IsOfBannedOwner(request, context) || IsBusy(RequestKind.Store))
        {
            return;
        }

        var put = PutOf(request, context);
        RespondOnceStored(put, siblings.Contains(request.Sender) ? CompareWithHeldAsync(put) : store.PutAsync(put.Key, put.Value, put.Terms), context);
    }

    // A sibling writes the same store, so what it sends is only compared with what is held. A put would move the value's time, and the value would wait
    // for an interval though no other node got it. Read as it is now: that also corrects what this node answers.
    private async ValueTask<StoreResult> CompareWithHeldAsync(StorePut put) =>
        (await store.GetCurrentAsync(put.Key, time.GetUtcNow()))?.Value == put.Value.Value ? StoreResult.Stored : StoreResult.Superseded;

    private void RespondOnceStored(in StorePut put, ValueTask<StoreResult> storing, in RequestSource context)
    {
        if (storing.IsCompletedSuccessfully)
        {
            OnStored(put, storing.Result, context);
        }
        else
        {
            _deferred.Add(this, put, storing, context);
        }
    }

    /// <summary>Refuses a STORE that no sender may make. False: it was not refused.</summary>
    public bool TryRefuse(StoreRequest request, in RequestSource context)
    {
        if (IsLate(context) || IsOfBannedOwner(request, context))
        {
            return true;
        }

        if (StoreRules.FindRefusal(request.Value) is not { } refusal)
        {
            return false;
        }

        RespondToStore(refusal, context);
        return true;
    }

    // Whoever sends it: he carries what others gave him.
    private bool IsOfBannedOwner(in StoreRequest request, in RequestSource context)
    {
        var isBanned = bans.Set.ContainsOwnerOf(request.Value);
        if (isBanned)
        {
            metrics.Refused(RequestKind.Store, RefusalReason.Banned);
            Send(ResponseWriter.WriteStored(Buffer, context.Id, false), RequestKind.Store, default, context);
        }

        return isBanned;
    }

    private static bool IsTooOld(in RequestSource context) => context.Age > MaxStoreAge;

    private bool IsLate(in RequestSource context)
    {
        var isLate = IsTooOld(context);
        if (isLate)
        {
            metrics.Refused(RequestKind.Store, RefusalReason.Late);
        }

        return isLate;
    }

    // Silence, as contacts would say that the value is absent.
    private bool IsBusy(RequestKind kind)
    {
        var isFull = _deferred.IsFull;
        if (isFull)
        {
            metrics.Refused(kind, RefusalReason.Busy);
        }

        return isFull;
    }

    private StorePut PutOf(in StoreRequest request, in RequestSource context)
    {
        var now = context.ReceivedAt;
        var hasToken = context.Token == TokenCheck.Valid;
        TimeSpan? life = request.SecondsLeft is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        var kind = life is null ? PutKind.Publication : request.IsChosen ? PutKind.WithLife : PutKind.Copy;

        // A token says who sends a value: of a copy that is not who wrote it.
        var isAuthored = hasToken && (kind != PutKind.Copy || context.Id.SaysAuthored);

        // Without a token only the address is known that the datagram bears, and its owner pays for nothing that was done in its name.
        var source = context.IsTrusted ? SourceNetwork.Trusted : SourceNetwork.Of(context.Source).WithProof(hasToken);
        var value = new StoredValue(request.Value, now, now + options.Bound(life), source)
        {
            IsAuthored = isAuthored,
        };
        return new StorePut(request.Key, value, new PutTerms(kind) { Scope = writes.ScopeOf(context.Token, isAuthored) });
    }

    /// <summary>The store has decided a STORE. One that would change what an author wrote may be tried again, within the one bound of all such.</summary>
    public void OnStored(in StorePut put, StoreResult result, in RequestSource context)
    {
        if (result == StoreResult.TokenRequired && put.Terms.Scope != PutScope.Anything && TryBeginChange())
        {
            var change = put with { Terms = put.Terms with { Scope = PutScope.Anything } };
            RespondOnceStored(change, ChangeAsync(change), context);
            return;
        }

        if (result == StoreResult.Stored && !watches.IsEmpty)
        {
            watches.Post(put.Key, KeyNotice.Changed);
        }

        RespondToStore(result, context);
    }

    private bool TryBeginChange()
    {
        var isAllowed = writes.TryBeginChange();
        metrics.Add(NodeMetrics.TokenlessChanges, (int)(isAllowed ? TokenlessChange.Allowed : TokenlessChange.Refused));
        return isAllowed;
    }

    private async ValueTask<StoreResult> ChangeAsync(StorePut change)
    {
        // One that failed may have changed the value all the same.
        var hasChanged = true;
        try
        {
            var result = await store.PutAsync(change.Key, change.Value, change.Terms);
            hasChanged = result is StoreResult.Stored or StoreResult.StorageFailed;
            return result;
        }
        finally
        {
            writes.EndChange(hasChanged);
        }
    }

    // Undecided, as storage failed: no response, so that the sender retries.
    private void RespondToStore(StoreResult result, in RequestSource context)
    {
        metrics.Stored(result);
        if (!result.IsUndecided())
        {
            // One that showed a token, also an expired one, gets the next.
            var token = context.Token == TokenCheck.None ? WriteToken.None : writes.Issue(context.Source);
            Send(ResponseWriter.WriteStored(Buffer, context.Id, result == StoreResult.Stored, token), RequestKind.Store, default, context);
        }
    }

    public void RespondToFindValue(NodeId key, StoredValue? stored, in RequestSource context)
    {
        var length = stored is null
            ? WriteNodes(key, context)
            : ResponseWriter.WriteValue(Buffer, context.Id, stored.Value, RemainingLife.InSeconds(options.LifeOf(stored, time.GetUtcNow())));
        Send(length, RequestKind.FindValue, key, context);
    }

    private int WriteNodes(NodeId target, in RequestSource context)
    {
        Span<Contact> nearest = stackalloc Contact[options.BucketSize];
        var count = table.Snapshot.FindClosest(target, nearest, context.Source);
        return ResponseWriter.WriteNodes(Buffer, context.Id, nearest[..count], TokenFor(context));
    }

    // As many of the nearest contacts as fit; 0 bytes if not even an empty list does.
    private int WriteNodesWithin(int maxLength, NodeId target, in RequestSource context)
    {
        Span<Contact> nearest = stackalloc Contact[options.BucketSize];
        var count = table.Snapshot.FindClosest(target, nearest, context.Source);
        var token = TokenFor(context);
        var fitting = -1;

        // Of twenty two or three fit, so counting up is shorter.
        while (fitting < count && ResponseWriter.WriteNodes(Buffer, context.Id, nearest[..(fitting + 1)], token) <= maxLength)
        {
            fitting++;
        }

        return fitting < 0 ? 0 : ResponseWriter.WriteNodes(Buffer, context.Id, nearest[..fitting], token);
    }

    private WriteToken TokenFor(in RequestSource context) => context.AsksForToken ? writes.Issue(context.Source) : WriteToken.None;

    private void Send(int length, RequestKind kind, NodeId target, in RequestSource context) =>
        gate.Respond(Buffer[..length], kind, target, context);
}

/// <summary>A STORE as the store gets it.</summary>
internal readonly record struct StorePut(NodeId Key, StoredValue Value, PutTerms Terms);
