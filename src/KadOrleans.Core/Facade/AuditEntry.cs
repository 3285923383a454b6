namespace KadOrleans;

/// <summary>A change that an operator made, or tried to.</summary>
/// <param name="Time">When it ended, in UTC.</param>
/// <param name="Who">The name of the caller's token.</param>
/// <param name="Action">What was done, in a word or two, such as delete.</param>
/// <param name="Target">What was changed, such as the id of a key.</param>
/// <param name="Succeeded">Whether it was done. If not, a part may have been.</param>
/// <param name="Result">What came of it.</param>
public sealed record AuditEntry(DateTimeOffset Time, string Who, string Action, string Target, bool Succeeded, string Result)
{
    /// <summary>Grows with each entry. Given by the log.</summary>
    public long Number { get; init; }
}
