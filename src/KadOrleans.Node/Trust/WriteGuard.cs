namespace KadOrleans.Node;

/// <summary>
/// The write tokens that this process gives, and its one bound of changes without one. All node ids of an edge share it: each with a bound
/// of its own would let as many changes through as there are ids.
/// </summary>
internal sealed class WriteGuard(int changesWithoutToken, bool requiresTokens, NodeEnvironment environment)
{
    /// <summary>The window of the bound.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromHours(1);

    private readonly TimeProvider _time = environment.Time;
    private readonly long _startedAt = environment.Time.GetTimestamp();
    private readonly WriteTokens _tokens = new(KeyedHash.Create(environment.Random));
    private readonly SlidingAllowance _changes = new(changesWithoutToken, Window);

    public WriteGuard(KadNodeOptions options, NodeEnvironment environment)
        : this(options.ChangesWithoutToken, options.RequireTokens, environment)
    {
    }

    private TimeSpan Elapsed => _time.GetElapsedTime(_startedAt);

    public WriteToken Issue(UdpEndpoint source) => _tokens.Issue(SourceNetwork.Of(source), Elapsed);

    public TokenCheck Check(MessageId id, UdpEndpoint source) => _tokens.Check(id.Token, SourceNetwork.Of(source), Elapsed);

    /// <summary>
    /// What a STORE may change. A token says who sends a value, not who wrote it: of a value whose author the sender does not know, such as
    /// one that strangers stored there, it is no author's write.
    /// </summary>
    public PutScope ScopeOf(TokenCheck token, bool saysAuthored) => token == TokenCheck.Valid
        ? (saysAuthored ? PutScope.Anything : PutScope.Unauthored)
        : requiresTokens ? PutScope.Nothing
        : PutScope.Unauthored;

    /// <summary>Whether a STORE without a token may change what an author wrote. After true <see cref="EndChange"/> has to follow.</summary>
    public bool TryBeginChange() => !requiresTokens && _changes.TryBegin(Elapsed);

    public void EndChange(bool hasChanged) => _changes.End(Elapsed, hasChanged);
}
