using System.Net;

namespace KadOrleans.EdgeWorker.Tests.Values;

/// <summary>Silos that are not there: their addresses alone.</summary>
internal static class Silos
{
    /// <summary>The same address for the same number.</summary>
    public static SiloAddress At(int number) => SiloAddress.New(IPAddress.Loopback, number, 1);

    /// <summary>The id of the desk at a silo.</summary>
    public static GrainId DeskAt(int number) => SystemTargetGrainId.CreateGrainServiceGrainId(7, null!, At(number));
}
