namespace KadOrleans.Lab;

/// <summary>Calls one process by datagrams.</summary>
internal sealed class UdpHistoryClient(string member, IPEndPoint address) : IHistoryClient
{
    private const byte Source = 20;

    // An edge takes up to 4 s.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly UdpAsker _calls = new(address, Source, answersPings: true);

    public string Way => $"UDP of {Member}";

    public string Member => member;

    public bool IsDatagrams => true;

    public async Task<CallEnd> CallAsync(HistoryKey key, HistoryCall call)
    {
        try
        {
            if (call.Kind == OperationKind.Set)
            {
                var isStored = await _calls.StoreAsync(key.Id, HistoryValue.Of(call.Value)).WaitAsync(Patience);
                return new CallEnd(isStored ? OperationOutcome.Done : OperationOutcome.Rejected);
            }

            // Contacts in place of a value are no proof that there is none.
            var found = await _calls.FindValueAsync(key.Id).WaitAsync(Patience);
            return found.Kind == DhtValueKind.None ? new CallEnd(OperationOutcome.Rejected)
                : key.Kind == HistoryKeyKind.Items ? HistoryValue.ReadItem(found)
                : new CallEnd(OperationOutcome.Done, HistoryValue.Read(found));
        }
        catch (TimeoutException)
        {
            return new CallEnd(OperationOutcome.Unclear);
        }
    }

    public ValueTask DisposeAsync() => _calls.DisposeAsync();
}
