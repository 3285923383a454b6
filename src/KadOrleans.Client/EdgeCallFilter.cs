using System.Security.Cryptography;

namespace KadOrleans.Client;

// Adds an edge's proof to its calls. A silo that runs a build of before proofs refuses it, so the call is made once more with the key
// itself, which such builds know, and so are all calls of the next minute. A refused call did nothing. Calls of other programs' grains in the
// same process have neither.
internal sealed class EdgeCallFilter(string key, TimeProvider time) : IOutgoingGrainCallFilter
{
    private static readonly TimeSpan KeyTime = TimeSpan.FromMinutes(1);

    private readonly string _proof = CallProof.OfEdge(key, RandomNumberGenerator.GetHexString(32));
    private long _keyUntil;

    public Task Invoke(IOutgoingGrainCallContext context) =>
        context.InterfaceMethod.DeclaringType?.Assembly == typeof(EdgeCallFilter).Assembly ? ProveAsync(context) : context.Invoke();

    private async Task ProveAsync(IOutgoingGrainCallContext context)
    {
        // Set within an asynchronous method, so the caller's own request context stays as it was. Not both: a silo of before proofs would
        // pass the proof on with its own calls.
        var withKey = time.GetTimestamp() < Volatile.Read(ref _keyUntil);
        RequestContext.Set(withKey ? EdgeKey.ContextKey : CallProof.ContextKey, withKey ? key : _proof);
        try
        {
            await context.Invoke();
        }
        catch (CallRefusedException) when (!withKey)
        {
            Volatile.Write(ref _keyUntil, time.GetTimestamp() + (long)(KeyTime.TotalSeconds * time.TimestampFrequency));
            RequestContext.Remove(CallProof.ContextKey);
            RequestContext.Set(EdgeKey.ContextKey, key);
            await context.Invoke();
        }
    }
}
