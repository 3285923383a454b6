using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace KadOrleans.Http.Access;

/// <summary>
/// The sessions of browsers, in memory alone: a restart ends them. A session stands for the token that began it. Beyond
/// <see cref="MaxSessions"/> the oldest ends.
/// </summary>
internal sealed class BrowserSessions(TimeProvider time)
{
    /// <summary>The most sessions. Only who has a token begins one.</summary>
    public const int MaxSessions = 256;

    /// <summary>How long a session lasts, used or not: a working day.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(12);

    private const int SecretBytes = 32;

    // Guards _byHash.
    private readonly Lock _gate = new();
    private readonly Dictionary<string, BrowserSession> _byHash = [];

    /// <summary>Begins a session.</summary>
    /// <returns>The secret of its cookie, and the session.</returns>
    public (string Secret, BrowserSession Session) Begin(ApiToken token)
    {
        var secret = Random();
        var hash = ApiToken.HashOf(secret);
        var session = new BrowserSession(token, Random(), time.GetUtcNow() + Life);
        lock (_gate)
        {
            if (_byHash.Count == MaxSessions)
            {
                _byHash.Remove(_byHash.MinBy(one => one.Value.EndsAt).Key);
            }

            _byHash.Add(hash, session);
        }

        return (secret, session);
    }

    /// <summary>The session of a cookie, if it lasts.</summary>
    public bool TryFind(string secret, [NotNullWhen(true)] out BrowserSession? session)
    {
        lock (_gate)
        {
            return _byHash.TryGetValue(ApiToken.HashOf(secret), out session) && time.GetUtcNow() < session.EndsAt;
        }
    }

    /// <summary>Ends a session, if there is one.</summary>
    public void End(string secret)
    {
        lock (_gate)
        {
            _byHash.Remove(ApiToken.HashOf(secret));
        }
    }

    private static string Random() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SecretBytes));
}

/// <summary>A browser's session.</summary>
/// <param name="Token">The token that began it.</param>
/// <param name="Proof">What requests that change something carry in the header <see cref="SessionCookie.ProofHeader"/>.</param>
/// <param name="EndsAt">Its end.</param>
internal sealed record BrowserSession(ApiToken Token, string Proof, DateTimeOffset EndsAt);
