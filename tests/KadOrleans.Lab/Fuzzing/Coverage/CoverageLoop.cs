using System.Runtime.InteropServices;
using SharpFuzz;
using Trace = SharpFuzz.Common.Trace;

namespace KadOrleans.Lab;

/// <summary>
/// Feeds a target what afl-fuzz finds by coverage. afl-fuzz starts this program, which starts itself once more: the second process reads input after
/// input, and is started again when it ends. KadOrleans' assemblies beside this one must be instrumented by SharpFuzz.
/// </summary>
internal static class CoverageLoop
{
    /// <summary>Bytes of afl-fuzz's map of branches.</summary>
    private const int MapBytes = 1 << 16;

    /// <summary>Turns of one input in a session that has choices of its own: as a request, a response, of a contact, of a stranger.</summary>
    private const int Turns = 8;

    /// <summary>Gives instrumented code a map, which it writes to at once, until there is that of afl-fuzz. Does no harm without instrumentation.</summary>
    public static unsafe void Prepare() => Trace.SharedMem = (byte*)NativeMemory.AllocZeroed(MapBytes);

    /// <summary>Serves afl-fuzz until it ends.</summary>
    public static void Run(FuzzTarget target)
    {
        // What the first call of a method does, such as a static constructor, would count as found by some input.
        foreach (var seed in target.Seeds())
        {
            RunAlone(target, seed);
        }

        Fuzzer.OutOfProcess.Run(stream =>
        {
            using var input = new MemoryStream();
            stream.CopyTo(input);
            RunAlone(target, input.GetBuffer().AsSpan(0, (int)input.Length));
        });
    }

    /// <summary>Runs one input in a session of its own, to the session's end, so that what happens follows from the input alone.</summary>
    public static bool RunAlone(FuzzTarget target, ReadOnlySpan<byte> input)
    {
        var session = target.Begin(new FuzzRandom(1, 0));
        var isAccepted = session.Run(input);
        for (var turn = 1; target.HasChoices && turn < Turns; turn++)
        {
            isAccepted |= session.Run(input);
        }

        session.End();
        return isAccepted;
    }
}
