using Microsoft.AspNetCore.Http.Metadata;

namespace KadOrleans.Http;

/// <summary>
/// Bounds the bytes of the bodies of all requests under way together, and of those of one token. Endpoints bound each body alone, and those that take no
/// more than <see cref="SmallBytes"/> are not counted: signing in and managing go on. Safe for several threads.
/// </summary>
internal sealed class BodyBudget
{
    /// <summary>The most bytes in all. What is made of a body may take some times as many.</summary>
    public const int MaxBytes = 64 << 20;

    /// <summary>The most bytes of one token or user: that of the longest body.</summary>
    public const int MaxBytesOfToken = MaxBytes / 4;

    private const int SmallBytes = 4_096;

    // Guards the counts below.
    private readonly Lock _gate = new();
    private readonly Dictionary<(bool IsUser, string Sha256), long> _ofTokens = [];
    private long _all;

    /// <summary>What a request takes, until its response has ended. Null: it is not counted.</summary>
    public Part? For(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<IRequestSizeLimitMetadata>()?.MaxRequestBodySize <= SmallBytes)
        {
            return null;
        }

        var part = new Part(this, TokenAuthentication.TokenOf(context).Account);
        context.Response.RegisterForDispose(part);
        return part;
    }

    private bool TryAdd((bool IsUser, string Sha256) token, long bytes)
    {
        lock (_gate)
        {
            var (all, ofToken) = (_all + bytes, _ofTokens.GetValueOrDefault(token) + bytes);
            if (all > MaxBytes || ofToken > MaxBytesOfToken)
            {
                return false;
            }

            _all = all;
            if (ofToken == 0)
            {
                _ofTokens.Remove(token);
            }
            else
            {
                _ofTokens[token] = ofToken;
            }

            return true;
        }
    }

    /// <summary>Of one request, which takes it on one thread at a time.</summary>
    internal sealed class Part(BodyBudget budget, (bool IsUser, string Sha256) token) : IDisposable
    {
        private long _taken;

        /// <exception cref="ApiProblemException">So many are not left: 503.</exception>
        public void Reserve(long bytes)
        {
            if (!budget.TryAdd(token, bytes))
            {
                throw new ApiProblemException(
                    ProblemType.Unavailable,
                    $"The bodies of requests under way have {MaxBytesOfToken} bytes of this token, or {MaxBytes} in all, the most at once.")
                {
                    Reason = ApiProblemException.Busy,
                };
            }

            _taken += bytes;
        }

        public void Dispose() => budget.TryAdd(token, -_taken);
    }
}
