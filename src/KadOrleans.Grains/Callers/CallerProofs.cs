using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace KadOrleans.Grains;

// Makes this silo's proof, and finds out by a proof whether a silo made a call. Without a key the proof is made from a random one, which
// no other process has.
internal sealed class CallerProofs(ClusterKeys keys, ILocalSiloDetails silo, ISiloStatusOracle silos)
{
    // A silo has one entry for the life of its process. The bound is for years of restarts.
    private const int MaxKnown = 4096;

    private readonly IReadOnlyList<ClusterKey> _keys = keys.Silo.Count > 0 ? keys.Silo : [ClusterKey.Parse(RandomNumberGenerator.GetHexString(2 * ClusterKey.Bytes))];
    private readonly string _identity = silo.SiloAddress.ToParsableString();
    private string? _own;

    // The proofs that were checked, by what they claim: only who has a key gets in.
    private readonly ConcurrentDictionary<string, KnownProof> _known = new();

    /// <summary>This silo's proof.</summary>
    public string Own => _own ??= CallProof.OfSilo(_keys[0], _identity);

    /// <summary>Finds out which silo makes the present call, and takes the proof out of its context, so that no grain or log sees it.</summary>
    /// <returns>The silo; null: it is not known to be one.</returns>
    public SiloAddress? TakeSilo()
    {
        if (RequestContext.Get(CallProof.ContextKey) is not { } given)
        {
            return null;
        }

        CallContext.Remove(CallProof.ContextKey);
        return given is string proof ? SiloOf(proof) : null;
    }

    private SiloAddress? SiloOf(string proof)
    {
        if (!CallProof.TryRead(proof, out var claim))
        {
            return null;
        }

        if (!_known.TryGetValue(claim.Text, out var known) || !CallProof.AreEqual(known.Proof, proof))
        {
            if (!_keys.Any(key => CallProof.IsOf(key, claim, proof)))
            {
                return null;
            }

            if (_known.Count >= MaxKnown)
            {
                _known.Clear();
            }

            known = new KnownProof(proof, SiloAddress.FromParsableString(claim.Identity));
            _known[claim.Text] = known;
        }

        // A proof that got out of a silo ends with it.
        return silos.IsDeadSilo(known.Silo) ? null : known.Silo;
    }

    private sealed record KnownProof(string Proof, SiloAddress Silo);
}
