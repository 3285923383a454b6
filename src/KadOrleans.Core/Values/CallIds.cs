namespace KadOrleans.Core.Values;

/// <summary>Ids of conditional sets, by which a repeated call finds its own success.</summary>
internal static class CallIds
{
    /// <summary>What is stored beside a value: of the caller's id and the value, so that two callers who chose one id do not find each other's success.</summary>
    /// <param name="callId">The caller's; 0 without one.</param>
    /// <param name="value">What the call sets.</param>
    /// <returns>0 without an id, else never 0; another number for each id.</returns>
    public static long Of(long callId, DhtValue value)
    {
        var mixed = callId ^ (long)(ulong)ValueContent.DigestOf(value);
        return callId == 0 ? 0 : mixed == 0 ? callId : mixed;
    }
}
