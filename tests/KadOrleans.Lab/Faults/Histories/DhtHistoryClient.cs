namespace KadOrleans.Lab;

/// <summary>Calls an <see cref="IDht"/> of this process. Items are not put by it.</summary>
internal sealed class DhtHistoryClient(string member, IDht dht) : IHistoryClient
{
    public string Way => $"IDht of {Member}";

    public string Member => member;

    public bool IsDatagrams => false;

    public async Task<CallEnd> CallAsync(HistoryKey key, HistoryCall call)
    {
        try
        {
            return call.Kind switch
            {
                OperationKind.Get => Read(await dht.GetAsync(key.Id)),
                OperationKind.Set => EndOf(await dht.SetAsync(key.Id, HistoryValue.Of(call.Value), AcknowledgementOf(call))),
                OperationKind.SetIf => EndOf(await dht.SetIfAsync(
                    key.Id, HistoryValue.Of(call.Value), ValueVersion.Of(call.Version), AcknowledgementOf(call), callId: call.CallId)),
                OperationKind.DeleteIf => await dht.DeleteIfAsync(key.Id, ValueVersion.Of(call.Version), call.CallId) switch
                {
                    DeleteResult.Deleted => new CallEnd(OperationOutcome.Done),
                    DeleteResult.Superseded => new CallEnd(OperationOutcome.Refused),
                    DeleteResult.Unknown => new CallEnd(OperationOutcome.Unclear),
                },
                OperationKind.Unpublish => new CallEnd(await dht.UnpublishAsync(key.Id) ? OperationOutcome.Done : OperationOutcome.Refused),
                _ => throw new ArgumentOutOfRangeException(nameof(call), call.Kind, "It is not called so."),
            };
        }
        catch (DhtUnavailableException)
        {
            return new CallEnd(OperationOutcome.Unclear);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static SetAcknowledgement AcknowledgementOf(HistoryCall call) => call.IsDurable ? SetAcknowledgement.Durable : SetAcknowledgement.Network;

    // What others of the network said proves nothing.
    private static CallEnd Read(GetResult result) => result.Value is not { } value ? new CallEnd(OperationOutcome.Done)
        : result.Lookup is null ? new CallEnd(OperationOutcome.Done, HistoryValue.Read(value)) { Version = result.Version.Number }
        : new CallEnd(OperationOutcome.Rejected);

    private static CallEnd EndOf(SetResult result) => new(
        result.Succeeded ? OperationOutcome.Done
        : result.Local == StoreResult.Superseded ? OperationOutcome.Refused
        : result.Local == StoreResult.Unknown || result.Failed > 0 || result.Local?.IsUndecided() == true || result.Publication?.IsUndecided() == true ? OperationOutcome.Unclear
        : OperationOutcome.Rejected)
    {
        Version = result.Version.Number,
    };
}
