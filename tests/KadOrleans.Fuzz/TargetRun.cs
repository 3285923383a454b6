using System.Globalization;

namespace KadOrleans.Fuzz;

/// <summary>One target's sessions, their counts, and the report of what went wrong.</summary>
internal sealed class TargetRun(IFuzzTarget target, ulong seed, TextWriter output)
{
    /// <summary>Keeps a session's own choices apart from the mutations of the iteration of the same number.</summary>
    private const ulong SessionSeed = 0x5E55_1011;

    public long Iterations { get; set; }

    public long Accepted { get; private set; }

    public long Refused { get; private set; }

    /// <summary>Feeds a session's datagrams to the target. False if it failed, which is reported.</summary>
    public bool Session(long session, IEnumerable<(string Place, byte[] Datagram)> datagrams)
    {
        var place = string.Create(CultureInfo.InvariantCulture, $"beginning of session {session}");
        byte[] current = [];
        try
        {
            target.Begin(new FuzzRandom(seed ^ SessionSeed, session));
            foreach (var (next, datagram) in datagrams)
            {
                (place, current) = (next, datagram);
                if (target.Run(datagram))
                {
                    Accepted++;
                }
                else
                {
                    Refused++;
                }
            }

            place = $"end of the session after {place}";
            target.End();
            return true;
        }
#pragma warning disable CA1031 // Any exception is what is being looked for.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            output.WriteLine($"FAILED: target {target.Name}, seed {seed} {place}: {exception}");
            output.WriteLine($"datagram: {Convert.ToHexStringLower(current)}");
            return false;
        }
    }
}
