using System.Diagnostics.CodeAnalysis;

namespace KadOrleans.Hosting;

// A browser's session, begun with a token. Requests that change something carry its proof in the header SessionCookie.ProofHeader.
public sealed record BrowserSession(ApiToken Token, string Proof, DateTimeOffset EndsAt);

/// <summary>The sessions of browsers, in memory alone: a restart ends them. Beyond <see cref="MaxSessions"/> the oldest ends.</summary>
public sealed class BrowserSessions(TimeProvider time)
{
    /// <summary>The most sessions. Only who has a token begins one.</summary>
    public const int MaxSessions = 256;

    /// <summary>How long a session lasts, used or not: a working day.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(12);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, BrowserSession> _byHash = [];

    /// <summary>Begins a session. The secret is for its cookie.</summary>
    public (string Secret, BrowserSession Session) Begin(ApiToken token)
    {
        var secret = ApiToken.Random();
        var session = new BrowserSession(token, ApiToken.Random(), time.GetUtcNow() + Life);
        lock (_gate)
        {
            if (_byHash.Count == MaxSessions)
            {
                _byHash.Remove(_byHash.MinBy(one => one.Value.EndsAt).Key);
            }

            _byHash.Add(ApiToken.HashOf(secret), session);
        }

        return (secret, session);
    }

    public bool TryFind(string secret, [NotNullWhen(true)] out BrowserSession? session)
    {
        lock (_gate)
        {
            return _byHash.TryGetValue(ApiToken.HashOf(secret), out session) && time.GetUtcNow() < session.EndsAt;
        }
    }

    public void End(string? secret)
    {
        if (secret is not null)
        {
            lock (_gate)
            {
                _byHash.Remove(ApiToken.HashOf(secret));
            }
        }
    }
}
