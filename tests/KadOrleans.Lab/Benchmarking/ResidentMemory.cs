using System.Globalization;

namespace KadOrleans.Lab.Benchmarking;

/// <summary>A process's pages in the machine's memory.</summary>
/// <param name="Current">Bytes now.</param>
/// <param name="Peak">Bytes at most since it began.</param>
internal readonly record struct ResidentMemory(long Current, long Peak)
{
    private const double Megabyte = 1_000_000;

    public double CurrentMegabytes => Math.Round(Current / Megabyte, 1);

    public double PeakMegabytes => Math.Round(Peak / Megabyte, 1);

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{CurrentMegabytes:0} MB resident, {PeakMegabytes:0} MB at most");
}
