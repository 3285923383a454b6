using KadOrleans.Core;

namespace KadOrleans.Transport.Udp;

/// <summary>What an endpoint means when it is listened on.</summary>
internal static class ListenScope
{
    extension(UdpEndpoint endpoint)
    {
        /// <summary>0.0.0.0 or [::].</summary>
        public bool IsWildcard => endpoint.AddressHigh == 0
            && (endpoint.IsIPv4 ? (uint)endpoint.AddressLow == 0 : endpoint.AddressLow == 0);

        /// <summary>[::], which takes IPv4 too.</summary>
        public bool IsDualMode => !endpoint.IsIPv4 && endpoint.IsWildcard;

        /// <summary>Whether a datagram could belong to both. Endpoints with port 0 get a port each.</summary>
        public bool Overlaps(UdpEndpoint other) => endpoint.Port == other.Port && endpoint.Port != 0
            && (endpoint == other || endpoint.Covers(other) || other.Covers(endpoint));

        private bool Covers(UdpEndpoint other) =>
            endpoint.IsDualMode || (endpoint.IsWildcard && other.IsIPv4);
    }
}
