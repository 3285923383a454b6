using System.Numerics;
using System.Runtime.InteropServices;

namespace KadOrleans.Cli.Benchmarking;

/// <summary>
/// The load has one core, and the processes that it starts have the others. Left to itself the system puts who sends and who
/// answers on one core now and then, where they take turns of a millisecond, and that would be what is measured. Linux only;
/// where there is one core, all share it.
/// </summary>
internal static unsafe partial class Cores
{
    // As many as the C library's sets of processors have bits for.
    private const int Words = 1024 / 64;

    private static readonly ulong[] Allowed = Read();
    private static readonly (ulong[] Load, ulong[] Others) Shares = Split(Allowed);

    /// <summary>Keeps the calling thread on the load's core for the rest of its life.</summary>
    public static void KeepForLoad() => Write(Shares.Load);

    /// <summary>Starts a process on the other cores.</summary>
    /// <param name="start">Starts it, on the calling thread, whose cores it inherits.</param>
    public static void StartBeside(Action start)
    {
        Write(Shares.Others);
        try
        {
            start();
        }
        finally
        {
            Write(Allowed);
        }
    }

    /// <summary>The last core for the load, the others for the rest; a single one for both.</summary>
    /// <param name="allowed">A bit for each core that this process may use, the first in the first word's lowest.</param>
    internal static (ulong[] Load, ulong[] Others) Split(ulong[] allowed)
    {
        if (allowed.Sum(BitOperations.PopCount) < 2)
        {
            return (allowed, allowed);
        }

        var (load, others) = (new ulong[allowed.Length], allowed.ToArray());
        var word = Array.FindLastIndex(allowed, bits => bits != 0);
        load[word] = 1UL << BitOperations.Log2(allowed[word]);
        others[word] ^= load[word];
        return (load, others);
    }

    // None if the system does not tell, for which nothing is pinned.
    private static ulong[] Read()
    {
        var mask = new ulong[Words];
        fixed (ulong* start = mask)
        {
            return GetAffinity(0, Words * sizeof(ulong), start) == 0 ? mask : [];
        }
    }

    private static void Write(ulong[] mask)
    {
        fixed (ulong* start = mask)
        {
            // What fails leaves the thread where it is: figures are then as noisy as the system makes them.
            _ = mask.Length == 0 ? 0 : SetAffinity(0, (nuint)mask.Length * sizeof(ulong), start);
        }
    }

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    private static partial int GetAffinity(int thread, nuint size, ulong* mask);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetAffinity(int thread, nuint size, ulong* mask);
}
