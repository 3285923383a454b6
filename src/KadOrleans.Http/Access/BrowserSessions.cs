using System.Diagnostics.CodeAnalysis;

namespace KadOrleans.Http;

/// <summary>What a browser has after it signed in: the name, the scopes and the rate of a token, until a time.</summary>
internal sealed record BrowserSession(ApiToken Token, DateTimeOffset EndsAt);

// The sessions of browsers, in memory alone: a restart ends them. Every way to sign in ends in one. A session has two secrets, and a request
// must show both. A browser sends the cookie to every port of its host, and so to programs of others. The proof is given once, to the page
// that signed in, which keeps it where pages of its own origin alone can read it.
internal sealed class BrowserSessions(TimeProvider time)
{
    /// <summary>The most sessions. Only who has a token begins one. Beyond it the one ends that would end first.</summary>
    public const int MaxSessions = 256;

    /// <summary>How long a session lasts, used or not: a working day.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(12);

    // Guards the sessions, which are found by the hashes of their secrets.
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Cookie, string Proof), BrowserSession> _byHashes = [];

    /// <summary>Begins a session. Another one under the browser's cookie goes on if it has the same token: it is another tab's.</summary>
    /// <param name="token">Who signs in.</param>
    /// <param name="former">The cookie that the browser has; null if it has none.</param>
    public (string Cookie, string Proof, BrowserSession Session) Begin(ApiToken token, string? former = null)
    {
        var session = new BrowserSession(token, time.GetUtcNow() + Life);
        var proof = ApiToken.Random();
        lock (_gate)
        {
            var isKnown = former is not null && _byHashes.Any(
                one => one.Key.Cookie == ApiToken.HashOf(former) && one.Value.Token.Sha256 == token.Sha256 && time.GetUtcNow() < one.Value.EndsAt);
            if (!isKnown)
            {
                End(former);
            }

            if (_byHashes.Count == MaxSessions)
            {
                _byHashes.Remove(_byHashes.MinBy(one => one.Value.EndsAt).Key);
            }

            var cookie = isKnown ? former! : ApiToken.Random();
            _byHashes.Add((ApiToken.HashOf(cookie), ApiToken.HashOf(proof)), session);
            return (cookie, proof, session);
        }
    }

    /// <summary>Finds a session by both of its secrets.</summary>
    public bool TryFind(string? cookie, string? proof, [NotNullWhen(true)] out BrowserSession? session)
    {
        session = null;
        if (cookie is null || proof is null)
        {
            return false;
        }

        lock (_gate)
        {
            return _byHashes.TryGetValue((ApiToken.HashOf(cookie), ApiToken.HashOf(proof)), out session) && time.GetUtcNow() < session.EndsAt;
        }
    }

    /// <summary>Ends all sessions under a cookie: those of all tabs of a browser.</summary>
    public void End(string? cookie)
    {
        if (cookie is null)
        {
            return;
        }

        var hash = ApiToken.HashOf(cookie);
        lock (_gate)
        {
            foreach (var ended in _byHashes.Keys.Where(one => one.Cookie == hash).ToList())
            {
                _byHashes.Remove(ended);
            }
        }
    }
}
