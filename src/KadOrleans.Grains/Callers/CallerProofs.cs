using System.Collections.Concurrent;
using System.Security.Cryptography;
using Orleans.Configuration;

namespace KadOrleans.Grains;

// Makes this silo's proof, and finds out by proof or key who made a call. Without a key the proof is made from a random one, which no
// other process has.
internal sealed class CallerProofs
{
    // A silo or edge has one entry for the life of its process. The bound is for years of restarts.
    private const int MaxKnown = 4096;

    private readonly string[] _keys;
    private readonly ISiloStatusOracle _silos;

    // The proofs that were checked, by what they claim: only who has a key gets in.
    private readonly ConcurrentDictionary<string, KnownProof> _known = new();

    public CallerProofs(IOptions<KadClusterOptions> options, IOptions<EndpointOptions> endpoints, ILocalSiloDetails silo, ISiloStatusOracle silos)
    {
        var (key, second) = (options.Value.EdgeKey, options.Value.SecondEdgeKey);
        HasKey = !string.IsNullOrEmpty(key);
        AreRequired = HasKey || Gateway.IsOpenToOthers(endpoints.Value);
        _keys = !HasKey ? [RandomNumberGenerator.GetHexString(64)] : string.IsNullOrEmpty(second) ? [key!] : [key!, second];
        _silos = silos;
        Own = CallProof.OfSilo(_keys[0], silo.SiloAddress.ToParsableString());
    }

    /// <summary>Whether the silos have a key.</summary>
    public bool HasKey { get; }

    /// <summary>Whether calls are refused at all: there is a key, or other machines reach the gateway.</summary>
    public bool AreRequired { get; }

    /// <summary>This silo's proof.</summary>
    public string Own { get; }

    /// <summary>Finds out who makes the present call, and takes proof and key out of its context, so that no grain or log sees them.</summary>
    public Callers TakeCaller()
    {
        var caller = Callers.Clients;
        if (RequestContext.Get(CallProof.ContextKey) is string proof)
        {
            Take(CallProof.ContextKey);
            caller = CallerOf(proof);
        }

        if (RequestContext.Get(EdgeKey.ContextKey) is string given)
        {
            Take(EdgeKey.ContextKey);
            if (caller == Callers.Clients && HasKey && Array.Exists(_keys, key => CallProof.AreEqual(key, given)))
            {
                caller = Callers.Edges;
            }
        }

        return caller;
    }

    // In place, as the runtime sends what is left in the call's own dictionary back with its response, which goes to whoever is connected
    // under the caller's name. A removal by RequestContext is seen by what the call runs, and not by the runtime.
    private static void Take(string name)
    {
        if (RequestContext.Entries is IDictionary<string, object> entries)
        {
            entries.Remove(name);
        }

        RequestContext.Remove(name);
    }

    private Callers CallerOf(string proof)
    {
        if (!CallProof.TryRead(proof, out var claim))
        {
            return Callers.Clients;
        }

        if (!_known.TryGetValue(claim.Text, out var known) || !CallProof.AreEqual(known.Proof, proof))
        {
            if (!Array.Exists(_keys, key => CallProof.IsOf(key, claim, proof)))
            {
                return Callers.Clients;
            }

            if (_known.Count >= MaxKnown)
            {
                _known.Clear();
            }

            known = new KnownProof(proof, claim.Caller == Callers.Silos ? SiloAddress.FromParsableString(claim.Identity) : null);
            _known[claim.Text] = known;
        }

        // A proof that got out of a silo ends with it.
        return known.Silo is { } silo && _silos.IsDeadSilo(silo) ? Callers.Clients : claim.Caller;
    }

    private sealed record KnownProof(string Proof, SiloAddress? Silo);
}
