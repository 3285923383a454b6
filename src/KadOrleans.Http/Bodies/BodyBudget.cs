namespace KadOrleans.Http;

/// <summary>Bounds the bytes of the bodies of all requests under way together. Endpoints bound each body alone.</summary>
internal sealed class BodyBudget
{
    /// <summary>The most bytes. What is made of a body may take some times as many.</summary>
    public const int MaxBytes = 64 << 20;

    private readonly ByteBudget _bytes = new(MaxBytes);

    /// <summary>What a request takes, until its response has ended.</summary>
    public Part For(HttpContext context)
    {
        var part = new Part(_bytes);
        context.Response.RegisterForDispose(part);
        return part;
    }

    internal sealed class Part(ByteBudget whole) : IDisposable
    {
        private long _taken;

        /// <exception cref="ApiProblemException">So many are not left: 503.</exception>
        public void Take(long bytes)
        {
            if (!whole.TryTake(bytes))
            {
                throw new ApiProblemException(
                    ProblemType.Unavailable, $"The requests under way have bodies of {MaxBytes} bytes, the most at once: send it again later.")
                {
                    Reason = ApiProblemException.Busy,
                };
            }

            _taken += bytes;
        }

        public void Dispose() => whole.Give(_taken);
    }
}
